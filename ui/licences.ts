/**
 * Whose work is in the phone app and under which licence, gathered when the pages are built: from `cargo metadata`, from
 * `package-lock.json` and from the folders of fonts, with the licence files that the packages themselves bring. Nothing is
 * listed by hand, and nothing is fetched but what a build of the app needs anyway.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Plugin } from 'vite'
import type { Licences, Work } from './src/phone/state/licences'

/** The crate whose dependencies the app is made of. */
const APP = 'xuncha-app'
/** A page that a phone can hold and search. */
const WORKS_MAX = 2_000
const TEXT_BYTES_MAX = 256 * 1024
const METADATA_BYTES_MAX = 64 * 1024 * 1024

const LICENCE_FILE = /^(licen[cs]es?|copying|copyright|notice|unlicen[cs]e|ofl)([-_. ].*)?$/i
const FONT = /\.(otf|ttf|woff2)$/i

interface Found extends Omit<Work, 'texts'> {
  folder: string
}

export function gather(root: string): Licences {
  const found = [...crates(root), ...packages(join(root, 'ui')), ...fonts(join(root, 'crates'))]
  found.sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en', { numeric: true }))
  if (found.length > WORKS_MAX) throw new Error(`${found.length} packages are more than a page holds`)
  // Many packages bring the same text.
  const numbers = new Map<string, number>()
  const number = (text: string) => numbers.get(text) ?? (numbers.set(text, numbers.size), numbers.size - 1)
  const works = found.map(({ folder, ...work }) => ({ ...work, texts: licenceTexts(folder).map(number) }))
  return { works, texts: [...numbers.keys()] }
}

function licenceTexts(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => LICENCE_FILE.test(name) && statSync(join(folder, name)).isFile())
  return names.sort().map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    if (text.length > TEXT_BYTES_MAX) throw new Error(`${join(folder, name)} is too long for a licence`)
    return text.replaceAll('\r\n', '\n').trim()
  })
}

interface Metadata {
  packages: {
    id: string
    name: string
    version: string
    license: string | null
    license_file: string | null
    source: string | null
    manifest_path: string
  }[]
  resolve: { nodes: { id: string; deps: { pkg: string; dep_kinds: { kind: string | null }[] }[] }[] }
}

/** What is compiled into the app for the machine that it is built for. */
function crates(root: string): Found[] {
  const target = process.env.TAURI_ENV_TARGET_TRIPLE ?? /^host: (.+)$/m.exec(run(root, 'rustc', ['-vV']))?.[1] ?? ''
  const json = run(root, 'cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', target])
  const { packages, resolve } = JSON.parse(json) as Metadata
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const todo = packages.filter(({ name }) => name === APP).map(({ id }) => id)
  const seen = new Set(todo)
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(id)?.deps ?? []) {
      // Neither tests nor build scripts are in the app.
      if (seen.has(pkg) || !kinds.some(({ kind }) => kind === null)) continue
      seen.add(pkg)
      todo.push(pkg)
    }
  }
  return packages
    .filter(({ id, source }) => seen.has(id) && source !== null)
    .map(({ name, version, license, license_file: file, manifest_path: manifest }) => ({
      kind: 'rust',
      name,
      version,
      licence: license ?? file ?? '',
      folder: dirname(manifest),
    }))
}

interface Lock {
  packages: Record<string, { version?: string; license?: string; dev?: boolean }>
}

/** What the pages are bundled of. */
function packages(ui: string): Found[] {
  const { packages } = JSON.parse(readFileSync(join(ui, 'package-lock.json'), 'utf8')) as Lock
  return Object.entries(packages)
    .filter(([path, { dev }]) => path.startsWith('node_modules/') && !dev && existsSync(join(ui, path)))
    .map(([path, { version = '', license = '' }]) => ({
      kind: 'npm',
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: license,
      folder: join(ui, path),
    }))
}

/** Fonts lie in folders of that name, with their licence. */
function fonts(crates: string): Found[] {
  const folders = readdirSync(crates).map((crate) => join(crates, crate, 'fonts')).filter((folder) => existsSync(folder))
  return folders.flatMap((folder) => {
    const open = licenceTexts(folder).some((text) => text.includes('SIL OPEN FONT LICENSE Version 1.1'))
    if (!open) throw new Error(`${folder} does not say its licence`)
    return readdirSync(folder)
      .filter((name) => FONT.test(name))
      .map((name) => ({ kind: 'font', name: basename(name).replace(FONT, ''), version: '', licence: 'OFL-1.1', folder }))
  })
}

const run = (cwd: string, program: string, args: string[]) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', maxBuffer: METADATA_BYTES_MAX, stdio: ['ignore', 'pipe', 'inherit'] })

const NAME = 'virtual:licences'

/** Makes what was gathered a module of its own, which a page loads when somebody opens it. */
export function licences(root: string): Plugin {
  return {
    name: 'licences',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    // A string that is parsed is several times faster to load than the same as code.
    load: (id) => (id === `\0${NAME}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(gather(root)))})` : null),
  }
}
