/** Whom a client certificate names: its SPIFFE id, or else its subject. The chain was verified by the handshake. */
import "reflect-metadata" // wanted by what follows, before itself
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509"
import { isPrincipal, isSpiffeId, toSubjectPrincipal } from "../decision/principal.ts"
import { WritError } from "../errors.ts"

/** `der`: of the leaf. Throws UNAUTHENTICATED. */
export function principalOf(der: Uint8Array): string {
  const certificate = parse(der)
  if (certificate.getExtension(BasicConstraintsExtension)?.ca) throw refused("is that of a certificate authority")
  const uris = urisOf(certificate)
  // X.509-SVID section 2: exactly one URI, or it is no SVID; which of two is meant nobody can say.
  if (uris.length > 1) throw refused("has more than one URI as a name")
  const [uri = ""] = uris
  if (/^spiffe:/i.test(uri)) {
    if (!isSpiffeId(uri)) throw refused("has a SPIFFE id that is not of the form spiffe://TRUST-DOMAIN/PATH")
    return uri
  }
  const subject = subjectOf(certificate)
  const principal = toSubjectPrincipal(subject)
  if (subject === "" || !isPrincipal(principal))
    throw refused("has neither a SPIFFE id nor a subject that can be bound")
  return principal
}

function parse(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(Uint8Array.from(der))
  } catch (cause) {
    throw refused("cannot be read", cause)
  }
}

function urisOf(certificate: X509Certificate): readonly string[] {
  const names = certificate.getExtensions(SubjectAlternativeNameExtension).flatMap(({ names }) => names.items)
  return names.filter(({ type }) => type === "url").map(({ value }) => value)
}

/** As RFC 4514 writes it, the last name first: what `openssl x509 -subject -nameopt RFC2253` shows of plain names. */
function subjectOf({ subjectName }: X509Certificate): string {
  const names = subjectName.toJSON().map((set) =>
    Object.entries(set)
      .flatMap(([type, values]) => values.map((value) => `${type}=${escapeValue(value)}`))
      .join("+"),
  )
  return names.reverse().join(",")
}

function escapeValue(value: string): string {
  // Bytes of another type than text are written so, and then a text of the same letters could not be told from them.
  if (value.startsWith("#")) throw refused("has a subject that is not plain text")
  return value
    .replace(/[\\,+"<>;]/g, "\\$&")
    .replace(/^ /, "\\ ")
    .replace(/(?<!\\) $/, "\\ ")
}

function refused(what: string, cause?: unknown): WritError {
  return new WritError("UNAUTHENTICATED", `The client certificate ${what}.`, cause === undefined ? {} : { cause })
}
