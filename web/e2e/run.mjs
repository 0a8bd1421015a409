// Running commands: their output is kept and shown only when they fail.
import { spawn } from 'node:child_process';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

// Failure is a check that did not pass. Its message is shown as it is; counts
// says how many tests passed and failed, when there were tests.
export class Failure extends Error {
  constructor(message, counts) {
    super(message);
    this.counts = counts;
  }
}

// execute runs a command in the project's folder and returns its exit code and
// its output. env is added to the environment; onLine, if given, sees each line
// of standard output and keeps it out of the output by returning true.
export function execute([command, ...args], env = {}, onLine) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) if (!onLine?.(line)) output += `${line}\n`;
    });
    child.stderr.setEncoding('utf8').on('data', text => { output += text; });
    child.on('error', error => reject(new Failure(`${command} can't be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (rest && !onLine?.(rest)) output += rest;
      resolve({ code: code ?? signal, output });
    });
  });
}

// run is execute for commands that must succeed.
export async function run(command, env) {
  const result = await execute(command, env);
  if (result.code !== 0) throw new Failure(`${command.join(' ')}: exit code ${result.code}\n${result.output}`);
  return result;
}
