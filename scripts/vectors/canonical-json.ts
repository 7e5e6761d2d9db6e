/** RFC 8785. Expected texts are written down by hand from the RFC; its appendix B gives the numbers. */
import type { Vector } from "./vector.ts"

const text = (name: string, description: string, json: string, canonical: string | null): Vector => ({
  name,
  description,
  input: { json },
  expected: canonical === null ? { refused: true } : { canonical },
})

const TEXTS: readonly Vector[] = [
  text(
    "rfc-sample",
    "RFC 8785 section 3.2.2: the sample document",
    '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}',
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ),
  text(
    "rfc-key-order",
    "RFC 8785 section 3.2.3: keys in the order of UTF-16 code units",
    '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ),
  text(
    "key-order-above-u-ffff",
    "U+10000 is D800 DC00 in UTF-16 and so comes before U+E000 and U+FFFF, although its code point is larger",
    '{"\uffff":3,"\ue000":2,"\u{10000}":1,"\ud7ff":0}',
    '{"\ud7ff":0,"\u{10000}":1,"\ue000":2,"\uffff":3}',
  ),
  text(
    "key-order-prefix",
    "a key that begins another comes first; the empty key before all",
    '{"ab":3,"a":2,"":1,"b":4,"a\\u0000":5}',
    '{"":1,"a":2,"a\\u0000":5,"ab":3,"b":4}',
  ),
  text("key-order-digits", "keys of digits are text: 10 before 9", '{"9":1,"10":2,"1":3}', '{"1":3,"10":2,"9":1}'),
  text(
    "key-order-nested",
    "objects inside lists and objects are sorted too; lists keep their order",
    '{"b":[{"z":1,"a":[3,1,2]}],"a":{"d":{},"c":[]}}',
    '{"a":{"c":[],"d":{}},"b":[{"a":[3,1,2],"z":1}]}',
  ),
  text(
    "control-characters",
    "section 3.2.2.2: two-letter escapes where there is one, lower-case \\u00xx for the rest",
    '"\\u0000\\u0001\\u0008\\u0009\\u000A\\u000B\\u000C\\u000D\\u001F"',
    '"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f"',
  ),
  text(
    "unescaped",
    "solidus, DEL, U+2028, U+2029 and U+FEFF stand for themselves",
    '"\\/\\u007f\\u2028\\u2029\\ufeff<>&"',
    '"/\u007f\u2028\u2029\ufeff<>&"',
  ),
  text("surrogate-pair", "an escaped pair becomes the character", '"\\ud83d\\ude00"', '"😀"'),
  text("no-normalization", "e + combining acute stays as it is", '"e\\u0301é"', '"e\u0301é"'),
  text("white-space", "none outside strings", ' [ 1 ,\t{ "a" : null }\r\n] ', '[1,{"a":null}]'),
  text("proto-key", "__proto__ is a key like any other", '{"b":1,"__proto__":{"x":1}}', '{"__proto__":{"x":1},"b":1}'),
  text("lone-high-surrogate", "RFC 8785 section 3.2.2.2: invalid Unicode is an error", '"\\ud800"', null),
  text("lone-low-surrogate", "RFC 8785 section 3.2.2.2: invalid Unicode is an error", '["\\udc00"]', null),
  text("swapped-surrogates", "low before high is no pair", '"\\ude00\\ud83d"', null),
  text("lone-surrogate-key", "in a key as in a string", '{"\\udfff":1}', null),
]

/** IEEE 754 bits (big-endian hex) and the RFC's text; null where the RFC wants an error. */
const NUMBERS: readonly (readonly [bits: string, text: string | null, comment: string])[] = [
  ["0000000000000000", "0", "zero"],
  ["8000000000000000", "0", "minus zero"],
  ["0000000000000001", "5e-324", "the smallest positive number"],
  ["8000000000000001", "-5e-324", "the smallest negative number"],
  ["7fefffffffffffff", "1.7976931348623157e+308", "the largest positive number"],
  ["ffefffffffffffff", "-1.7976931348623157e+308", "the largest negative number"],
  ["4340000000000000", "9007199254740992", "2^53"],
  ["c340000000000000", "-9007199254740992", "-2^53"],
  ["4430000000000000", "295147905179352830000", "2^68"],
  ["7fffffffffffffff", null, "NaN"],
  ["7ff0000000000000", null, "infinity"],
  ["fff0000000000000", null, "minus infinity"],
  ["44b52d02c7e14af5", "9.999999999999997e+22", "below 1e23"],
  ["44b52d02c7e14af6", "1e+23", "1e23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23", "above 1e23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000", "the last without an exponent but two"],
  ["444b1ae4d6e2ef4f", "999999999999999900000", "the last without an exponent"],
  ["444b1ae4d6e2ef50", "1e+21", "the first with an exponent"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7", "the last with a negative exponent"],
  ["3eb0c6f7a0b5ed8d", "0.000001", "the first without"],
  ["41b3de4355555553", "333333333.3333332", "last digit"],
  ["41b3de4355555554", "333333333.33333325", "last digit"],
  ["41b3de4355555555", "333333333.3333333", "last digit"],
  ["41b3de4355555556", "333333333.3333334", "last digit"],
  ["41b3de4355555557", "333333333.33333343", "last digit"],
  ["becbf647612f3696", "-0.0000033333333333333333", "six zeros after the point"],
  ["43143ff3c1cb0959", "1424953923781206.2", "round to even"],
]

export const canonicalJsonVectors: readonly Vector[] = [
  ...TEXTS,
  ...NUMBERS.map(
    ([bits, canonical, comment]): Vector => ({
      name: `number-${bits}`,
      description: `RFC 8785 appendix B: ${comment}`,
      input: { ieee754: bits },
      expected: canonical === null ? { refused: true } : { canonical },
    }),
  ),
]
