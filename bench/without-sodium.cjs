// Loaded into the daemon with --require: sodium-native is not there, so node:crypto verifies and signs.
const Module = require("node:module")
const load = Module._load
Module._load = function (name, ...rest) {
  if (name === "sodium-native") throw new Error("left out by the bench")
  return load.call(this, name, ...rest)
}
