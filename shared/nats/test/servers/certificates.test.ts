import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { daysLeft, makeAuthority, makeClientCertificate, makeServerCertificate } from '../../src/servers/certificates.js';
import { integer, object, time } from '../../src/servers/der.js';

const NOW = new Date('2030-01-31T12:00:00Z');

describe('certificates', () => {
  test('the authority signs itself and servers; the server is 127.0.0.1 and localhost, and signs nothing', () => {
    const authority = makeAuthority('Skep', NOW);
    const ca = new X509Certificate(authority.certificate);
    const server = new X509Certificate(makeServerCertificate(authority, 'n1', NOW).certificate);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.verify(ca.publicKey)).toBe(true);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('example.org')).toBeUndefined();
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  test('two never bear the same number, and another authority of the same name did not sign them', () => {
    const [one, other] = [makeAuthority('Skep', NOW), makeAuthority('Skep', NOW)];
    const server = new X509Certificate(makeServerCertificate(one, 'n1', NOW).certificate);
    expect(new X509Certificate(one.certificate).serialNumber).not.toBe(new X509Certificate(other.certificate).serialNumber);
    expect(server.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
  });

  test('a client is no server', () => {
    const client = new X509Certificate(makeClientCertificate(makeAuthority('Skep', NOW), 'node', NOW).certificate);
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(client.checkIP('127.0.0.1')).toBeUndefined();
  });

  test('a server is never good for longer than its authority', () => {
    const authority = makeAuthority('Skep', NOW);
    const late = new Date(NOW.getTime() + 3_600 * 86_400_000);
    expect(daysLeft(makeServerCertificate(authority, 'n1', NOW).certificate, NOW)).toBeCloseTo(825);
    expect(daysLeft(makeServerCertificate(authority, 'n1', late).certificate, late)).toBeCloseTo(50);
  });

  test('OpenSSL agrees, in its strict mode, where it is at hand', ({ skip }) => {
    if (spawnSync('openssl', ['version']).status !== 0) skip('openssl is not on PATH');
    const folder = mkdtempSync(join(tmpdir(), 'skep-certificates-'));
    try {
      const authority = makeAuthority('Skep', new Date());
      writeFileSync(join(folder, 'ca.pem'), authority.certificate);
      writeFileSync(join(folder, 'server.pem'), makeServerCertificate(authority, 'n1', new Date()).certificate);
      const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_ip', '127.0.0.1', '-CAfile', 'ca.pem', 'server.pem'];
      const answer = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
      expect(`${answer.stdout}${answer.stderr}`.trim()).toBe('server.pem: OK');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('DER', () => {
  test('numbers, names and times have their one spelling', () => {
    const hex = (value: Buffer): string => value.toString('hex');
    expect(hex(integer(Uint8Array.of(0, 0, 0x80)))).toBe('02020080');
    expect(hex(integer(Uint8Array.of(0)))).toBe('020100');
    expect(hex(object('1.2.840.10045.4.3.2'))).toBe('06082a8648ce3d040302');
    expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1').slice(2)).toBe('491231235959Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1').slice(2)).toBe('20500101000000Z');
  });
});
