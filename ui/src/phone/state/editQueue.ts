/**
 * Edits of one visit, one after the other.
 *
 * Each edit names the token of the value that the officer saw. When taps on one field follow each other faster than
 * the engine answers, the second was made over the first, so it uses the token that the first one returned. Should that
 * answer also bring a value which nobody has seen yet, the second tap is refused instead of burying it. A token of
 * a mere refetch is never used: the officer had not seen it when tapping.
 */

/** What the queue needs to know of a drawn value. */
export interface Drawn {
  token: string
  conflict: readonly unknown[]
}

export class EditRefused extends Error {
  constructor(readonly code: 'unseen_value' | 'busy') {
    super(code)
  }
}

/** Far above what fingers can do within one engine call; reached only when the engine hangs. */
const WAITING_MAX = 100

export class EditQueue<View> {
  private tail: Promise<unknown> = Promise.resolve()
  private waiting = 0
  /** What this queue's own edits left in each field since it was last empty. */
  private readonly own = new Map<string, Drawn>()

  constructor(private readonly show: (view: View) => void) {}

  /** Sets a field over what was drawn; resolves, once recorded, to what the field holds now. */
  edit(
    field: string,
    drawn: Drawn,
    find: (view: View) => Drawn | undefined,
    call: (token: string) => Promise<View>,
  ): Promise<Drawn> {
    return this.enqueue(async () => {
      const mine = this.own.get(field)
      if (mine && mine.conflict.length > 0) throw new EditRefused('unseen_value')
      const view = await call(mine?.token ?? drawn.token)
      const now = find(view) ?? drawn
      this.own.set(field, now)
      this.show(view)
      return now
    })
  }

  /** Adds a fact, or reads again; in turn, so that an older answer never replaces a newer one. */
  act(call: () => Promise<View>): Promise<View> {
    return this.enqueue(async () => {
      const view = await call()
      this.show(view)
      return view
    })
  }

  /** Resolves when all that was asked for before has been answered, whatever the answers were. */
  settled(): Promise<unknown> {
    return this.tail
  }

  private enqueue<T>(job: () => Promise<T>): Promise<T> {
    if (this.waiting >= WAITING_MAX) return Promise.reject(new EditRefused('busy'))
    this.waiting += 1
    const result = this.tail.then(job).finally(() => {
      this.waiting -= 1
      if (this.waiting === 0) this.own.clear()
    })
    this.tail = result.catch(() => undefined)
    return result
  }
}
