import { createRouter, createWebHashHistory } from 'vue-router'
import { whenSignedOut } from './api'
import { restoreSession, signedOut } from './session'
import SetupPage from './access/SetupPage.vue'
import SignInPage from './access/SignInPage.vue'
import ConflictsPage from './conflicts/ConflictsPage.vue'
import DevicesPage from './devices/DevicesPage.vue'
import EraseOrdersPage from './erase/EraseOrdersPage.vue'
import LedgerPage from './ledgers/LedgerPage.vue'
import RowPage from './ledgers/RowPage.vue'
import VisitPage from './visit/VisitPage.vue'
import VisitsPage from './visits/VisitsPage.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** Reachable without a session. */
    open?: boolean
    /** Key of the page's name for the window title. */
    title: string
  }
}

export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (to, from, saved) =>
    saved ?? (to.path === from.path || to.params.id === from.params.id ? undefined : { top: 0 }),
  routes: [
    { path: '/', redirect: '/visits' },
    { path: '/setup', name: 'setup', component: SetupPage, meta: { open: true, title: 'setup.title' } },
    { path: '/signin', name: 'signin', component: SignInPage, meta: { open: true, title: 'signin.title' } },
    { path: '/visits', name: 'visits', component: VisitsPage, meta: { title: 'visits.title' } },
    {
      path: '/visits/:id/:tab(proof)?',
      name: 'visit',
      component: VisitPage,
      props: true,
      meta: { title: 'visit.title' },
    },
    { path: '/conflicts', name: 'conflicts', component: ConflictsPage, meta: { title: 'conflicts.title' } },
    { path: '/ledgers', redirect: '/ledgers/campaign' },
    { path: '/ledgers/:ledger', name: 'ledger', component: LedgerPage, props: true, meta: { title: 'ledgers.title' } },
    { path: '/rows/:id', name: 'row', component: RowPage, props: true, meta: { title: 'ledgers.title' } },
    { path: '/devices', name: 'devices', component: DevicesPage, meta: { title: 'devices.title' } },
    {
      path: '/erase-orders',
      name: 'erase-orders',
      component: EraseOrdersPage,
      meta: { title: 'erase-orders.title' },
    },
    { path: '/:rest(.*)*', redirect: '/visits' },
  ],
})

router.beforeEach(async (to) => {
  // The one-time link is /setup?token=…, outside the hash.
  if (location.pathname === '/setup' && to.name !== 'setup') return { name: 'setup' }
  if (to.meta.open) return true
  try {
    if (await restoreSession()) return true
  } catch {
    // The sign-in page says that HQ does not answer.
  }
  return { name: 'signin', query: { next: to.fullPath } }
})

whenSignedOut(() => {
  const here = router.currentRoute.value
  signedOut()
  if (here.name && !here.meta.open) void router.replace({ name: 'signin', query: { next: here.fullPath } })
})
