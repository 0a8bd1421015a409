// A real OpenID provider for one test, on a free port of the loopback interface.
import { spawn } from 'node:child_process';
import path from 'node:path';

const binary = path.resolve(import.meta.dirname, '../../bin/provider');

export const clientSecret = 'the secret that Keyport has at the provider';

export class Provider {
  // start runs a provider at which those people can log in to Keyport.
  static async start({ keyport, people }) {
    const known = {
      Clients: [{ ID: 'keyport', Secret: clientSecret, Redirect: `${keyport}/sign-in/sso/callback` }],
      People: people.map(({ username, secret, name = '', email, verified = true, groups = [] }) => (
        { Subject: `id-${username}`, Username: username, Password: secret, Name: name, Email: email, Unverified: !verified, Groups: groups })),
    };
    const p = new Provider();
    p.process = spawn(binary, [JSON.stringify(known)], { stdio: ['pipe', 'pipe', 'ignore'] });
    p.ended = new Promise(resolve => p.process.on('close', resolve));
    p.issuer = await Promise.race([
      new Promise(resolve => p.process.stdout.once('data', line => resolve(line.toString().trim()))),
      p.ended.then(code => { throw new Error(`the OpenID provider ended with ${code} before it was ready`); }),
    ]);
    return p;
  }

  settings() {
    return { KEYPORT_OIDC_ISSUER: this.issuer, KEYPORT_OIDC_CLIENT_ID: 'keyport', KEYPORT_OIDC_CLIENT_SECRET: clientSecret };
  }

  // stop ends the provider; nobody answers at its address any more.
  async stop() {
    this.process.kill();
    await this.ended;
  }
}
