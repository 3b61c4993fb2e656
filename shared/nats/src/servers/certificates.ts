/**
 * A certificate authority of one's own and the certificates that it signs, by node:crypto alone (X.509 v3, RFC 5280;
 * ECDSA on P-256 with SHA-256, which every TLS library of today knows).
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { bits, integer, object, octets, sequence, set, tagged, time, utf8, yes } from './der.js';

export interface Signed {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8, not encrypted. */
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60_000;

const AUTHORITY_DAYS = 3_650;

const LEAF_DAYS = 825;

/** Clocks differ: a certificate counts from a little before it was made. */
const EARLY_MS = 60 * 60_000;

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** Signs itself; ten years. */
export function makeAuthority(name: string, now: Date): Signed {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = certify({
    subject: name,
    publicKey,
    issuer: { name, key: privateKey },
    from: now,
    days: AUTHORITY_DAYS,
    // keyCertSign and cRLSign; an authority that signs no further authorities.
    extensions: [
      extension(OID.constraints, sequence(yes(), integer(Uint8Array.of(0))), 'critical'),
      extension(OID.keyUsage, bits(Uint8Array.of(0x06), 1), 'critical'),
    ],
  });
  return { certificate, key: pemOf(privateKey) };
}

/**
 * For a server that is reached as `localhost` and 127.0.0.1; also good for dialling other servers (routes). 825 days, or until the
 * authority itself ends.
 */
export function makeServerCertificate(authority: Signed, name: string, now: Date): Signed {
  const names = sequence(tagged(2, Buffer.from('localhost', 'ascii'), 'implicit'), tagged(7, Uint8Array.of(127, 0, 0, 1), 'implicit'));
  return signedBy(authority, { name, now, usages: [OID.serverAuth, OID.clientAuth], more: [extension(OID.alternativeName, names)] });
}

/** For somebody who connects; as long as a server's. */
export function makeClientCertificate(authority: Signed, name: string, now: Date): Signed {
  return signedBy(authority, { name, now, usages: [OID.clientAuth], more: [] });
}

interface Leaf {
  readonly name: string;
  readonly now: Date;
  readonly usages: readonly string[];
  readonly more: readonly Buffer[];
}

function signedBy(authority: Signed, { name, now, usages, more }: Leaf): Signed {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = new X509Certificate(authority.certificate);
  const certificate = certify({
    subject: name,
    publicKey,
    issuer: { name: issuer.subject.replace(/^CN=/, ''), key: createPrivateKey(authority.key) },
    from: now,
    days: Math.min(LEAF_DAYS, Math.floor(daysLeft(authority.certificate, now))),
    extensions: [
      extension(OID.constraints, sequence(), 'critical'),
      // digitalSignature.
      extension(OID.keyUsage, bits(Uint8Array.of(0x80), 7), 'critical'),
      extension(OID.extendedUsage, sequence(...usages.map(object))),
      ...more,
    ],
  });
  return { certificate, key: pemOf(privateKey) };
}

/** Days until a certificate ends; negative when it has. */
export function daysLeft(certificate: string, now: Date): number {
  return (Date.parse(new X509Certificate(certificate).validTo) - now.getTime()) / DAY_MS;
}

interface Certificate {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly name: string; readonly key: KeyObject };
  readonly from: Date;
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

function certify({ subject, publicKey, issuer, from, days, extensions }: Certificate): string {
  const algorithm = sequence(object(OID.ecdsaWithSha256));
  const body = sequence(
    tagged(0, integer(Uint8Array.of(2)), 'explicit'),
    // 127 random bits: never negative, never the same twice.
    integer(randomBytes(16).map((byte, index) => (index === 0 ? byte & 0x7f : byte))),
    algorithm,
    distinguished(issuer.name),
    sequence(time(new Date(from.getTime() - EARLY_MS)), time(new Date(from.getTime() + days * DAY_MS))),
    distinguished(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      3,
      sequence(
        ...extensions,
        extension(OID.subjectKey, octets(keyId(publicKey))),
        extension(OID.authorityKey, sequence(tagged(0, keyId(createPublicKey(issuer.key)), 'implicit'))),
      ),
      'explicit',
    ),
  );
  const signature = sign('sha256', body, issuer.key);
  const base64 = sequence(body, algorithm, bits(signature)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

const distinguished = (commonName: string): Buffer => sequence(set(sequence(object(OID.commonName), utf8(commonName))));

function extension(id: string, value: Uint8Array, critical?: 'critical'): Buffer {
  return critical === undefined ? sequence(object(id), octets(value)) : sequence(object(id), yes(), octets(value));
}

/** RFC 7093, method 1: the first 20 bytes of the SHA-256 of the key. */
const keyId = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
