/** A number that somebody typed behind a flag. Throws CONFIG_INVALID, which says what to write instead. */
import { WritError } from "../errors.ts"

export function wholeNumber(flag: string, given: string, most: number): number {
  const value = Number(given)
  if (!/^[0-9]{1,6}$/.test(given) || value > most)
    throw new WritError("CONFIG_INVALID", `${flag} must be a whole number from 0 to ${most}, not "${given}".`)
  return value
}
