import { onMounted, onUnmounted } from 'vue'
import type { Backend } from '@/shared/backend'
import type { VisitSession } from './visit'

/** Draws an open visit as long as its page is there, and makes a commit of what was recorded when it goes away. */
export function useOpenVisit(backend: Backend, session: VisitSession) {
  const stop = backend.onChanges((changes) => {
    if (changes.visits_all || changes.visits.includes(session.id)) void session.reload()
  })
  const hidden = () => {
    if (document.visibilityState === 'hidden') void session.leave()
  }
  const leave = () => void session.leave()

  onMounted(() => {
    void session.reload()
    document.addEventListener('visibilitychange', hidden)
    window.addEventListener('pagehide', leave)
  })
  onUnmounted(() => {
    document.removeEventListener('visibilitychange', hidden)
    window.removeEventListener('pagehide', leave)
    stop()
    leave()
  })
}
