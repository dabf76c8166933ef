/** A browser names its versions and the make of the phone in some hundred characters. */
const AGENT_MAX = 300

/** What only the page knows of the phone: which web view draws it, how large, and how it was set. No texts, no addresses. */
export function webView(set: { lang: string; textSize: string }, view: Window = window): string {
  const agent = view.navigator.userAgent.replace(/[^\x20-\x7e]/g, '').slice(0, AGENT_MAX)
  const lines = [
    `web view: ${agent}`,
    `page: ${view.innerWidth}x${view.innerHeight} at ${view.devicePixelRatio}, ${set.lang}, text ${set.textSize}`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}
