import { createRouter, createWebHashHistory } from 'vue-router'
import ConflictsPage from './pages/conflicts/ConflictsPage.vue'
import DocumentPage from './pages/document/DocumentPage.vue'
import EnrolPage from './pages/enrol/EnrolPage.vue'
import AddVenuePage from './pages/find/AddVenuePage.vue'
import FindPage from './pages/find/FindPage.vue'
import FindingsPage from './pages/findings/FindingsPage.vue'
import HistoryPage from './pages/temperatures/HistoryPage.vue'
import HubPage from './pages/hub/HubPage.vue'
import RelayPage from './pages/hub/RelayPage.vue'
import ImportPage from './pages/import/ImportPage.vue'
import JoinPage from './pages/join/JoinPage.vue'
import AboutPage from './pages/me/AboutPage.vue'
import DiagnosticsPage from './pages/me/DiagnosticsPage.vue'
import LicencesPage from './pages/me/LicencesPage.vue'
import LockPage from './pages/me/LockPage.vue'
import MePage from './pages/me/MePage.vue'
import StoragePage from './pages/me/StoragePage.vue'
import QueuePage from './pages/queue/QueuePage.vue'
import RosterPage from './pages/roster/RosterPage.vue'
import StartPage from './pages/start/StartPage.vue'
import TodayPage from './pages/today/TodayPage.vue'
import VisitPage from './pages/visit/VisitPage.vue'
import LedgerPage from './pages/work/LedgerPage.vue'
import NewRowPage from './pages/work/NewRowPage.vue'
import RoundPage from './pages/work/RoundPage.vue'
import RowPage from './pages/work/RowPage.vue'
import TargetsPage from './pages/work/TargetsPage.vue'
import WorkPage from './pages/work/WorkPage.vue'
import type { AppState } from './state/app'

export function createPages(app: AppState) {
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/', component: TodayPage },
      { path: '/enrol', component: EnrolPage },
      { path: '/find', component: FindPage },
      { path: '/venues/new', component: AddVenuePage },
      { path: '/venues/:venue', component: StartPage, props: true },
      { path: '/venues/:venue/temperatures', component: HistoryPage, props: true },
      { path: '/visit/:visit', component: VisitPage, props: true },
      { path: '/visit/:visit/roster', component: RosterPage, props: true },
      { path: '/visit/:visit/import', component: ImportPage, props: true },
      { path: '/visit/:visit/document/:code', component: DocumentPage, props: true },
      { path: '/join', component: JoinPage },
      { path: '/conflicts', component: ConflictsPage },
      { path: '/findings', component: FindingsPage },
      { path: '/work', component: WorkPage },
      { path: '/round', component: RoundPage },
      { path: '/ledger/:ledger', component: LedgerPage, props: true },
      { path: '/ledger/:ledger/new', component: NewRowPage, props: true },
      { path: '/row/:row', component: RowPage, props: true },
      { path: '/row/:row/targets', component: TargetsPage, props: true },
      { path: '/queue', component: QueuePage },
      { path: '/hub', component: HubPage },
      { path: '/relay', component: RelayPage },
      { path: '/me', component: MePage },
      { path: '/me/lock', component: LockPage },
      { path: '/me/storage', component: StoragePage },
      { path: '/me/about', component: AboutPage },
      { path: '/me/diagnostics', component: DiagnosticsPage },
      { path: '/me/licences', component: LicencesPage },
      { path: '/:rest(.*)', redirect: '/' },
    ],
  })
  // The only gate is enrolment; a signed-out or closed device still reads and records.
  router.beforeEach((to) => {
    if (!app.status.value) return true
    if (!app.enrolled.value && to.path !== '/enrol') return '/enrol'
    if (app.enrolled.value && to.path === '/enrol') return '/'
    return true
  })
  return router
}
