import { randomBytes } from "node:crypto";
import { betterAuth, generateId } from "better-auth";
import { makeSignature } from "better-auth/crypto";
import { options, pool } from "./config.mjs";

const [users, passkeysPerUser] = process.argv.slice(2).map(Number);
if (!Number.isInteger(users) || users < 1 || !Number.isInteger(passkeysPerUser) || passkeysPerUser < 0) {
  console.error("usage: node seed.mjs USERS PASSKEYS_PER_USER");
  process.exit(2);
}

const CHUNK = 1000;
const context = await betterAuth(options).$context;
const { name: cookieName } = context.authCookies.sessionToken;
const now = new Date();
const sessionEnd = new Date(now.getTime() + context.sessionConfig.expiresIn * 1000);

// A P-256 key as COSE has it, {1: 2, 3: -7, -1: 1, -2: x, -3: y}, in the base64
// the plugin stores. The point is random: nothing verifies with it.
function publicKey() {
  const key = Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"),
    randomBytes(32),
    Buffer.from("225820", "hex"),
    randomBytes(32),
  ]);
  return key.toString("base64");
}

async function sessionCookie(token) {
  const signature = await makeSignature(token, context.secret);
  return `${cookieName}=${encodeURIComponent(`${token}.${signature}`)}`;
}

async function seedChunk(client, size) {
  const seeded = [];
  const user = { id: [], email: [] };
  const session = { id: [], token: [] };
  const passkey = { id: [], userId: [], name: [], credentialID: [], publicKey: [] };
  for (let u = 0; u < size; u++) {
    const userId = generateId();
    const token = generateId(32);
    user.id.push(userId);
    user.email.push(`${generateId().toLowerCase()}@example.com`);
    session.id.push(generateId());
    session.token.push(token);
    const ids = [];
    for (let p = 0; p < passkeysPerUser; p++) {
      const id = generateId();
      ids.push(id);
      passkey.id.push(id);
      passkey.userId.push(userId);
      passkey.name.push(`Passkey ${p + 1}`);
      passkey.credentialID.push(randomBytes(32).toString("base64url"));
      passkey.publicKey.push(publicKey());
    }
    seeded.push({ cookie: await sessionCookie(token), passkeys: ids });
  }
  await client.query(
    `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
     SELECT id, 'Benchmark User', email, true, $3::timestamptz, $3::timestamptz
     FROM unnest($1::text[], $2::text[]) AS t (id, email)`,
    [user.id, user.email, now],
  );
  await client.query(
    `INSERT INTO session (id, token, "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
     SELECT id, token, "userId", $4::timestamptz, $5::timestamptz, $5::timestamptz, '127.0.0.1', 'benchmark'
     FROM unnest($1::text[], $2::text[], $3::text[]) AS t (id, token, "userId")`,
    [session.id, session.token, user.id, sessionEnd, now],
  );
  await client.query(
    `INSERT INTO passkey (id, "userId", name, "credentialID", "publicKey", counter, "deviceType", "backedUp",
                          transports, "createdAt", aaguid)
     SELECT id, "userId", name, "credentialID", "publicKey", 0, 'multiDevice', true,
            'internal,hybrid', $6::timestamptz, 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4'
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
       AS t (id, "userId", name, "credentialID", "publicKey")`,
    [passkey.id, passkey.userId, passkey.name, passkey.credentialID, passkey.publicKey, now],
  );
  return seeded;
}

const lines = [];
const client = await pool.connect();
await client.query("BEGIN");
for (let done = 0; done < users; done += CHUNK) {
  const seeded = await seedChunk(client, Math.min(CHUNK, users - done));
  lines.push(...seeded.map((line) => JSON.stringify(line)));
}
await client.query("COMMIT");
// Without statistics the first queries would be planned for empty tables.
await client.query(`VACUUM (ANALYZE) "user", session, passkey`);
client.release();
await pool.end();
process.stdout.write(`${lines.join("\n")}\n`);
