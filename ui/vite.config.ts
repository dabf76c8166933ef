import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { licences } from './licences.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Vant's icon font is inside its stylesheet; the address of a spare copy on a public host must not ship. */
const noRemoteFont: Plugin = {
  name: 'no-remote-font',
  enforce: 'pre',
  transform: (code, id) =>
    /vant\/.*\.css/.test(id) ? code.replace(/,\s*url\([^)]*alicdn[^)]*\)\s*format\(["']?woff["']?\)/g, '') : null,
}

// Two apps in one package: the officer's phone and the console at headquarters.
export default defineConfig({
  plugins: [noRemoteFont, vue(), licences(here('..'))],
  resolve: { alias: { '@': here('./src') } },
  build: {
    // The oldest engine we meet: Android System WebView and WebKitGTK of 2023.
    target: ['chrome111', 'safari16.4'],
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { phone: here('./phone.html'), console: here('./console.html') } },
  },
  test: { environment: 'happy-dom' },
})
