import { createI18n, useI18n } from 'vue-i18n'
import { computed, watch, type Plugin } from 'vue'
import en from './en.json'
import zh from './zh-CN.json'

/**
 * All words of both apps live in the JSON files of `shared/i18n`, `phone/i18n` and `console/i18n`; each app loads the
 * shared ones and its own. Chinese is the language of the house, English follows; the choice stays on this device.
 */
export type Lang = 'zh-CN' | 'en'
export interface Texts {
  [key: string]: string | Texts
}

const SLOT = 'xuncha.lang'

export function rememberedLang(): Lang {
  try {
    return localStorage.getItem(SLOT) === 'en' ? 'en' : 'zh-CN'
  } catch {
    return 'zh-CN'
  }
}

/** `applied` is called at once and after each switch, for what a component library says by itself. */
export function createTexts(own: Record<Lang, Texts>, applied: (lang: Lang) => void = () => {}): Plugin {
  const messages: Record<Lang, Texts> = { 'zh-CN': { ...zh, ...own['zh-CN'] }, en: { ...en, ...own.en } }
  const i18n = createI18n({
    legacy: false,
    locale: rememberedLang(),
    fallbackLocale: 'zh-CN',
    // vue-i18n derives a type from every message; ours come from files and are compared by a test instead.
    messages: messages as never,
  })
  const locale = i18n.global.locale as unknown as { value: Lang }
  watch(
    () => locale.value,
    (lang) => {
      document.documentElement.lang = lang
      document.title = String((messages[lang].app as Texts | undefined)?.name ?? '')
      applied(lang)
    },
    { immediate: true },
  )
  return i18n
}

/** Words, the language, and the choice between the two texts that the engine sends for one thing. */
export function useTexts() {
  const { t, te, locale } = useI18n({ useScope: 'global' })
  const lang = computed(() => locale.value as Lang)

  function setLang(next: Lang) {
    locale.value = next
    try {
      localStorage.setItem(SLOT, next)
    } catch {
      // A browser that keeps nothing still shows the chosen language until it is closed.
    }
  }

  const pick = (both: { zh: string; en?: string }) => (lang.value === 'en' && both.en ? both.en : both.zh)

  /** The word for a code of the engine; a code newer than this app is shown as it is, never hidden. */
  const word = (group: string, code: string) => {
    const key = `${group}.${code.replaceAll(':', '_')}`
    return te(key) ? t(key) : code
  }

  return { t, lang, setLang, pick, word }
}
