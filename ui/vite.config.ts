import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Two apps in one package: the officer's phone and the console at headquarters.
export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': here('./src') } },
  build: {
    // The oldest engine we meet: Android System WebView and WebKitGTK of 2023.
    target: ['chrome111', 'safari16.4'],
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { phone: here('./phone.html'), console: here('./console.html') } },
  },
  test: { environment: 'happy-dom' },
})
