import { WRONG_EPOCH } from "./append.ts"
import { requireOne } from "./require-one.ts"

export const RAISE_EPOCH = {
  name: "writ_raise_epoch",
  text: requireOne("UPDATE control SET epoch = epoch + 1 WHERE epoch = $1", WRONG_EPOCH),
}

/** Told to the other replicas at the commit (feed.ts). */
export const ANNOUNCE_EPOCH = { name: "writ_announce_epoch", text: "NOTIFY writ_control" }
