import { createServerRunner } from "@aws-amplify/adapter-nextjs";
import { fetchAuthSession } from "aws-amplify/auth/server";
import { cookies } from "next/headers";
import { config } from "../../lib/amplify-config";

const { runWithAmplifyServerContext } = createServerRunner({ config: config() });

export default async function Page() {
  const { tokens } = await runWithAmplifyServerContext({ nextServerContext: { cookies }, operation: fetchAuthSession });
  return <p>{tokens ? `Signed in as ${tokens.accessToken.payload.username}` : "Signed out"}</p>;
}
