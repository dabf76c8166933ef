/*
 * The officer's phone.
 *
 * Stable names for end-to-end tests (`data-testid`):
 *   enrol-qr enrol-server enrol-code enrol-submit | error (data-code) | lang-switch | me-open | back
 *   start-visit visit-card (data-id)
 *   venue-search venue-row (data-id) venue-add venue-name venue-category venue-district venue-address venue-save
 *   look map map-venue map-cluster (data-count) map-me map-locate map-all map-in map-out map-notes map-none map-chosen
 *   map-chosen-close place-open place-<wgs84|gcj02|bd09>
 *   kind-<kind> mode-<mode> lead-<level> purpose-<purpose> begin-visit
 *   member-<OFFICERID> (aria-pressed) member-more member-search | item-<ITEMID> (data-answer, data-failed) item-<ITEMID>-yes/-no/-na
 *   item-<ITEMID>-input item-<ITEMID>-choice-<CODE> | next-unanswered
 *   finding-<ITEMID>-description finding-<ITEMID>-status-<STATUS>
 *   note-text note-text-<ITEMID> | photo-input photo-input-<ITEMID> photo-thumb (data-sha256, data-state)
 *   pad-open pad-how (shows the choices) pad-key-0..9 pad-back pad-sign pad-save pad-close pad-subject pad-site-<SITE>
 *   pad-place-<indoor|outdoor> pad-seq-<SEQUENCE> pad-verdict (data-verdict) pad-again
 *   pad-reason | reading-row (data-verdict, data-dc) reading-correct
 *   invite-open invite-qr invite-text invite-close | join-visit join-qr join-text join-read join-invite join-confirm
 *   today-conflicts me-conflicts conflict-row (data-field) conflict-value (data-kind) settled-row settled-by settled-undo
 *   conflict conflict-candidate | finish-open finish-confirm sealed-mark after-seal
 *   sync-banner (data-state=on_phone|on_hub|sending|held|attention) sync-now queue-row (data-state)
 *   only-here (data-n) hub-open hub-start hub-stop hub-qr hub-text hub-waiting hub-delivered (data-n) hub-phone
 *   me-storage me-about text-size-<normal|large|larger|largest> storage-<all|free|KIND> cache-clear about-version about-device
 *   lock-screen lock-entered lock-wait unlock lock-help lock-code lock-by-hq (keys of the pad as above) | me-lock lock-now
 *   lock-after-<MIN> lock-current lock-new lock-repeat lock-set lock-remove lock-done
 *   me-diagnostics diagnostics-text diagnostics-copy diagnostics-copied diagnostics-save diagnostics-saved
 *   me-licences licence-search licence-count licence-row licence-text
 *   relay-open relay-qr relay-text relay-pair relay-hub relay-now relay-leave relay-error (data-code)
 * Text that saves itself marks its state as data-state=typing|saving|saved|notSaved|empty in its label.
 */
import { Locale } from 'vant'
import enUS from 'vant/es/locale/lang/en-US'
import zhCN from 'vant/es/locale/lang/zh-CN'
import { createApp } from 'vue'
import { backendKey, pickBackend } from '@/shared/backend'
import { createTexts } from '@/shared/i18n'
import App from './App.vue'
import en from './i18n/en.json'
import zh from './i18n/zh-CN.json'
import { createPages } from './router'
import { appKey, createApp as createAppState } from './state/app'
import { followNetwork } from './state/network'
import { followPresence } from './state/presence'
import { applyTextSize } from './state/textSize'
import './vant'
import './style.css'

const backend = pickBackend()
const state = createAppState(backend)
const texts = createTexts({ 'zh-CN': zh, en }, (lang) => Locale.use(lang, lang === 'en' ? enUS : zhCN))

applyTextSize()
followNetwork(backend)
followPresence(backend, () => state.refresh())
void state.start().then(() => {
  createApp(App)
    .provide(backendKey, backend)
    .provide(appKey, state)
    .use(texts)
    .use(createPages(state))
    .mount('#app')
})
