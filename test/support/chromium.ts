/** Debian's Chromium, and a page that may load what lies under some paths of a folder. */
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join, normalize } from "node:path"
import { chromium, type Page } from "playwright-core"
import { has } from "./system-package.ts"

const EXECUTABLE = "/usr/bin/chromium"
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" }

export const hasChromium = () => has("chromium", ["test", "-x", EXECUTABLE])

export interface Site {
  readonly page: Page
  /** What the page complained about. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

/** `files`: what is not on disk, by path. Everything else comes from `root`, from folders in `open` only. */
export async function openPage(
  root: string,
  open: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<Site> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname))
    const made = files[path]
    const content = made ?? (open.some((folder) => path.startsWith(folder)) ? await read(join(root, path)) : null)
    response.writeHead(content === null ? 404 : 200, {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
    })
    response.end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS })
  const page = await browser.newPage()
  const errors: string[] = []
  page.on("pageerror", (error) => errors.push(error.message))
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`)
  return {
    page,
    errors,
    async close() {
      await browser.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(path: string): Promise<Buffer | null> {
  return await readFile(path).catch(() => null)
}
