import { config } from "../../lib/amplify-config";
import { currentSession } from "../../lib/amplify-server";
import { Browser } from "./browser";

export default async function Page() {
  const { tokens } = await currentSession();
  return (
    <>
      <p>{tokens ? `Signed in as ${tokens.accessToken.payload.username}` : "Signed out"}</p>
      <Browser config={config()} />
    </>
  );
}
