// Octopus Deploy's own client for JavaScript, as published, against a real
// Keyport. (Its version 3 has no functions for users and keys; its general ones
// take any address.)
import octopus from '@octopusdeploy/api-client';
import { expect, maya, test } from './fixtures.mjs';

const { Client, SpaceRepository, userGetCurrent } = octopus;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function connect(keyport, apiKey) {
  return Client.create({ userAgentApp: 'keyport-tests', instanceURL: keyport.url, apiKey, logging: quiet });
}

test('makes a service account, and makes, lists and revokes its key', async ({ keyport }) => {
  const client = await connect(keyport, await keyport.apiKey(maya.username, 'JavaScript client'));
  const me = await userGetCurrent(client);
  expect(me).toMatchObject({ Username: maya.username, IsRequestor: true, EmailAddress: maya.email });

  const account = await client.doCreate('~/api/users', { Username: 'deployer', DisplayName: 'Deployer', IsService: true });
  expect(account).toMatchObject({ Id: expect.stringMatching(/^Users-\d+$/), IsService: true, IsActive: true, CanPasswordBeEdited: false, Identities: [] });
  const keys = '~/api/users/{userId}/apikeys{/id}{?skip,take}';
  const owner = { userId: account.Id };

  const made = await client.doCreate(keys, { Purpose: 'Nightly deployment' }, owner);
  expect(keyport.keep(made.ApiKey)).toMatch(/^API-[A-Z0-9]{26}$/);
  const itself = await connect(keyport, made.ApiKey);
  expect((await userGetCurrent(itself)).Id).toBe(account.Id);

  const list = await client.get(keys, { ...owner, take: 2147483647 });
  expect(list).toMatchObject({ ItemType: 'ApiKey', TotalResults: 1 });
  expect(list.Items).toHaveLength(1);
  expect(list.Items[0]).toMatchObject({ Id: made.Id, Purpose: 'Nightly deployment', ApiKey: { HasValue: true, NewValue: null, Hint: `${made.ApiKey.slice(0, 7)}•••••••` } });
  expect(await client.get(keys, { ...owner, id: made.Id })).toMatchObject({ Id: made.Id });

  await client.del(keys, { ...owner, id: made.Id });
  expect((await client.get(keys, owner)).Items).toEqual([]);
  await expect(userGetCurrent(itself)).rejects.toMatchObject({ StatusCode: 401, message: expect.stringContaining('You must be logged in') });
});

test('finds the space, and is told what is wrong', async ({ keyport }) => {
  const client = await connect(keyport, await keyport.apiKey(maya.username, 'JavaScript client'));
  const spaces = new SpaceRepository(client);
  const list = await spaces.list({ partialName: 'Def', take: 5 });
  expect(list.Items.map(space => [space.Id, space.Name, space.IsDefault])).toEqual([['Spaces-1', 'Default', true]]);
  expect(await spaces.get('Spaces-1')).toMatchObject({ Name: 'Default' });
  const { version, installationId } = await client.getServerInformation();
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect(installationId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

  await expect(client.doCreate('~/api/users', { Username: 'x'.repeat(65) })).rejects.toMatchObject({ StatusCode: 400, message: expect.stringContaining('Use 64 or fewer') });
  await expect(client.get('~/api/users/Users-999999')).rejects.toMatchObject({ StatusCode: 404, message: expect.stringContaining('not found') });

  // A key that never was one opens nothing, not even what is open to everybody.
  await expect(connect(keyport, 'API-AAAAAAAAAAAAAAAAAAAAAAAAAA')).rejects.toMatchObject({ StatusCode: 401, message: expect.stringContaining('provide a valid API key') });
});
