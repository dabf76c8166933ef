/**
 * Runs `work` at most once at a time. Calls during a run become one further run, so a burst of news from HQ costs two
 * requests and the last state always wins.
 */
export function serial(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let again = false
  return () => {
    if (running) {
      again = true
      return running
    }
    running = (async () => {
      do {
        again = false
        await work()
      } while (again)
    })().finally(() => {
      running = null
    })
    return running
  }
}
