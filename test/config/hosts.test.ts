import { describe, expect, it } from 'vitest';
import { isLocal, isLoopback, isMetadata } from '../../src/core/hosts.ts';
import { read, refusal } from './read.ts';

describe('hosts', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.1',
    'localhost',
    'LOCALHOST',
    'api.localhost',
    '::1',
    '[::1]',
    '0:0::0:1',
    '::ffff:127.0.0.1',
  ])('%s is this machine', (host) => {
    expect([isLoopback(host), isLocal(host), isMetadata(host)]).toEqual([true, true, false]);
  });

  it.each([
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.9',
    'fd12:3456::1',
    'fc00::1',
    'gpu-1',
    'box.local',
    'box.local.',
    'vllm.internal',
    '::ffff:10.0.0.1',
    '0.0.0.0',
    '::',
  ])('%s is the own network, and can be reached by others', (host) => {
    expect([isLoopback(host), isLocal(host), isMetadata(host)]).toEqual([false, true, false]);
  });

  it.each([
    'api.openai.com',
    '8.8.8.8',
    '172.32.0.1',
    '172.15.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '2606:4700::1111',
    'evil.local.com',
    '127.0.0.1.evil.com',
    'fe00::1',
  ])('%s is somebody else', (host) => {
    expect([isLoopback(host), isLocal(host), isMetadata(host)]).toEqual([false, false, false]);
  });

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    'fd00:ec2::254',
    '[fd00:ec2::254]',
    'FD00:0EC2:0::0254',
    'fe80::1',
    'febf::1',
    'metadata.google.internal',
    'metadata.google.internal.',
    'Metadata',
    '::ffff:169.254.169.254',
    '100.100.100.200',
  ])('%s is never called', (host) => {
    expect(isMetadata(host)).toBe(true);
  });

  it.each([
    'http://169.254.169.254/v1',
    'http://0xA9FEA9FE/v1',
    'http://2852039166/v1',
    'http://0251.0376.0251.0376/v1',
    'http://[::ffff:a9fe:a9fe]/v1',
    'http://metadata.google.internal/computeMetadata',
    'http://[fe80::1]:8000/v1',
  ])('%s is refused as a base_url, however it is spelt', (url) => {
    expect(refusal(`models: [{ id: a, base_url: "${url}" }]`)).toContain('link-local or metadata address');
  });

  it.each([
    ['ftp://host/v1', 'expected http:// or https://'],
    ['host:8000/v1', 'expected http:// or https://'],
    ['/v1', 'is no URL'],
    ['http://user:pass@host/v1', 'use api_key'],
    ['http://host/v1?key=1', 'no "?"'],
    ['http://host/v1/chat/completions', 'leave /chat/completions away'],
  ])('%s: %s', (url, expected) => {
    expect(refusal(`models: [{ id: a, base_url: "${url}" }]`)).toContain(expected);
  });

  it('marks targets local by where they are, unless the file says otherwise', () => {
    const local = (fields: string): boolean | undefined =>
      read(`models: [{ id: a, price: { input: 0, output: 0 }, ${fields} }]`).models[0]?.targets[0]?.local;
    expect(local('base_url: "http://gpu-1:8000/v1"')).toBe(true);
    expect(local('base_url: "https://api.known.example/v1"')).toBe(false);
    expect(local('base_url: "https://llm.my-company.example/v1", local: true')).toBe(true);
    expect(local('base_url: "http://127.0.0.1:9/v1", local: false')).toBe(false);
    expect(local('backend: simulated')).toBe(true);
  });
});
