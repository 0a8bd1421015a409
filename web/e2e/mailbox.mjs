// A mail server on the loopback interface that takes every letter and hands it
// to the test. It speaks as much SMTP as a mail server must.
import net from 'node:net';

export class Mailbox {
  letters = [];
  #waiting = [];

  static async start() {
    const box = new Mailbox();
    box.server = net.createServer(socket => box.#converse(socket));
    await new Promise((resolve, reject) => {
      box.server.on('error', reject);
      box.server.listen(0, '127.0.0.1', resolve);
    });
    return box;
  }

  // env is what a Keyport needs that sends its letters here.
  get env() {
    return { KEYPORT_SMTP_URL: `smtp://127.0.0.1:${this.server.address().port}?tls=off`, KEYPORT_SMTP_FROM: 'Keyport <keys@example.com>' };
  }

  // next returns the first letter that no test has seen, within ten seconds.
  async next() {
    const letter = this.letters.shift();
    if (letter) return letter;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no letter came within 10 s')), 10_000);
      this.#waiting.push(arrived => {
        clearTimeout(timer);
        resolve(arrived);
      });
    });
  }

  stop() {
    return new Promise(resolve => this.server.close(resolve));
  }

  #converse(socket) {
    let rest = '';
    let data = null;
    let letter = { to: [] };
    const say = line => socket.write(`${line}\r\n`);
    const commands = {
      EHLO: () => say('250 mailbox'),
      HELO: () => say('250 mailbox'),
      MAIL: line => { letter = { from: between(line), to: [] }; say('250 OK'); },
      RCPT: line => { letter.to.push(between(line)); say('250 OK'); },
      DATA: () => { data = []; say('354 Go on'); },
      RSET: () => say('250 OK'),
      NOOP: () => say('250 OK'),
      QUIT: () => { say('221 Goodbye'); socket.end(); },
    };
    socket.setEncoding('latin1').on('error', () => {}).on('data', text => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (data && line === '.') {
          this.#deliver({ ...letter, ...read(data) });
          data = null;
          say('250 Taken');
        } else if (data) data.push(line.replace(/^\./, ''));
        else (commands[line.slice(0, 4).toUpperCase()] ?? (() => say('502 Unknown')))(line);
      }
    });
    say('220 mailbox');
  }

  #deliver(letter) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(letter);
    else this.letters.push(letter);
  }
}

// withMailbox gives each test a mail server of its own, which its Keyport sends
// its letters to.
export const withMailbox = test => test.extend({
  mailbox: async ({}, use) => {
    const box = await Mailbox.start();
    await use(box);
    await box.stop();
  },
  setUp: async ({ mailbox }, use) => use({ env: mailbox.env }),
});

const between = line => line.match(/<([^>]*)>/)?.[1];

// read takes a letter apart: its headers, its text and its page.
function read(lines) {
  const end = lines.indexOf('');
  const headers = Object.fromEntries(lines.slice(0, end).join('\n').replace(/\n[ \t]+/g, ' ').split('\n').map(line => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const boundary = headers['content-type'].match(/boundary="?([^";]+)/)[1];
  const parts = lines.slice(end).join('\r\n').split(`--${boundary}`).map(part => part.split('\r\n\r\n'));
  const body = kind => {
    const part = parts.find(([head]) => head.toLowerCase().includes(kind));
    return Buffer.from(part.slice(1).join('\r\n\r\n').replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8');
  };
  return { subject: headers.subject, text: body('text/plain'), html: body('text/html') };
}
