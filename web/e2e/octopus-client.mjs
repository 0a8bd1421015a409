// Runs the tests of Octopus Deploy's official Go client against a real Keyport,
// once on each database, and prints what `go test -json` does. The tests are the
// client's own, as published; those for what Keyport does not have (projects,
// machines, feeds, …) are left out.
//
// One of them deletes every user but its own, so each run gets a database that
// is thrown away.
import { spawn } from 'node:child_process';
import { Keyport, maya } from './keyport.mjs';
import { root } from './run.mjs';

const inScope = '^(TestAPIKeys.*|TestUserService.*|TestUserRoleServiceGetByID.*|TestEventsService|TestTeam.*|TestGetRoot|TestGetSpecificSpaceRoot|TestGetServerRoot|TestGetConfiguration|TestSpaceServiceGetByID|TestSpaceServiceGetByIDOrName|TestSpaceGetByName)$';
const tests = ['test', '-json', '-count=1', '-modfile=web/e2e/octopus.mod', `-run=${inScope}`, 'github.com/OctopusDeploy/go-octopusdeploy/v2/test/e2e'];

for (const engine of ['sqlite', 'postgres']) {
  if (await against(engine) !== 0) process.exitCode = 1;
}

// against runs the tests and returns their exit code. A Keyport that complains
// fails the run too.
async function against(engine) {
  const keyport = await Keyport.start({ engine });
  try {
    const key = await keyport.apiKey(maya.username, 'Go client');
    const code = await goTest(engine, { OCTOPUS_HOST: keyport.url, OCTOPUS_API_KEY: key });
    await keyport.stop();
    const errors = keyport.log.split('\n').filter(line => line.includes('"level":"ERROR"'));
    if (errors.length) console.error(`Keyport on ${engine} logged errors:\n${errors.join('\n')}`);
    return errors.length ? 1 : code;
  } finally {
    keyport.process.kill('SIGKILL');
    await keyport.ended;
    await keyport.remove();
  }
}

// goTest passes the events on with the database in the name of the package, so
// that the two runs can be told apart.
function goTest(engine, settings) {
  const env = { ...process.env, CGO_ENABLED: '0', OCTOPUS_SPACE: '', ...settings };
  const child = spawn('go', tests, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) console.log(named(line, engine));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => {
      if (rest) console.log(named(rest, engine));
      resolve(code ?? 1);
    });
  });
}

function named(line, engine) {
  if (!line.startsWith('{"')) return line;
  const event = JSON.parse(line);
  if (event.Package) event.Package = `${event.Package} on ${engine}`;
  return JSON.stringify(event);
}
