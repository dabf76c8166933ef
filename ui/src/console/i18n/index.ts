import { watch } from 'vue'
import { createI18n } from 'vue-i18n'
import en from './en.json'
import zhCN from './zh-CN.json'

export type Language = 'zh-CN' | 'en'

const KEY = 'xuncha.console.language'

export const i18n = createI18n({
  legacy: false,
  locale: remembered(),
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zhCN, en },
})

watch(
  i18n.global.locale,
  (language) => {
    document.documentElement.lang = language
    localStorage.setItem(KEY, language)
  },
  { immediate: true },
)

function remembered(): Language {
  return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN'
}
