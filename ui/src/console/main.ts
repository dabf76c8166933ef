import { createApp } from 'vue'
import './element'
import './style/theme.css'
import './style/layout.css'
import './style/table.css'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import { followSystemTheme } from './theme'

followSystemTheme()
createApp(App).use(i18n).use(router).mount('#console')
