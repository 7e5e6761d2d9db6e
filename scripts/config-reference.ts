/** Writes docs/configuration.md from the table of settings in src/config.ts. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { SETTINGS } from "../src/config.ts"

const rows = SETTINGS.map(({ key, kind, meaning, default: byDefault }) => {
  const inFile = key === "config" || key === "data" ? "" : `\`${key}\``
  return `| \`--${key}\` | \`WRIT_${key.toUpperCase().replaceAll("-", "_")}\` | ${inFile} | ${kind} | ${byDefault || "none"} | ${meaning} |`
})
const text = `# Configuration

Generated from \`src/config.ts\` by \`npm run generate\`. A flag goes before its environment variable, that before the configuration file, that before the default.
Unknown flags, \`WRIT_*\` variables and keys are refused.

| flag | environment | file | kind | default | meaning |
|---|---|---|---|---|---|
${rows.join("\n")}
`
writeFileSync(join(import.meta.dirname, "..", "docs", "configuration.md"), text)
