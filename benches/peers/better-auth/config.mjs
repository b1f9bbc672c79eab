import { passkey } from "@better-auth/passkey";
import pg from "pg";

for (const name of ["DATABASE_URL", "BETTER_AUTH_SECRET"]) {
  if (!process.env[name]) throw new Error(`${name} is not set`);
}
// better-auth reads NODE_ENV while it is imported, too early to be set here.
if (process.env.NODE_ENV !== "production") {
  throw new Error("NODE_ENV must be production: this server is here to be measured");
}

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

// Everything not named here is better-auth's default. Two documented options
// would spare it queries and are left off as they are by default:
// session.cookieCache (the session is read from a signed cookie, so a revoked
// session lives on for minutes) and advanced.database.joins (session and user
// are read in one query rather than two).
export const options = {
  baseURL: process.env.BETTER_AUTH_URL ?? `http://localhost:${process.env.PORT ?? 3000}`,
  secret: process.env.BETTER_AUTH_SECRET,
  database: pool,
  emailAndPassword: { enabled: true },
  plugins: [passkey({ rpID: "localhost", rpName: "Keystead benchmark" })],
  // On by default in production, and would refuse a load that comes from one address.
  rateLimit: { enabled: false },
  logger: { level: "error" },
  telemetry: { enabled: false },
};
