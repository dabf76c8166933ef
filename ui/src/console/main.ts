import { createApp } from 'vue'
import { createTexts } from '@/shared/i18n'
import './element'
import '@/shared/style/tokens.css'
import './style/theme.css'
import './style/layout.css'
import './style/table.css'
import App from './App.vue'
import en from './i18n/en.json'
import zhCN from './i18n/zh-CN.json'
import { router } from './router'
import { followSystemTheme } from './theme'

followSystemTheme()
createApp(App)
  .use(createTexts({ 'zh-CN': zhCN, en }))
  .use(router)
  .mount('#console')
