import { getServerSession } from "next-auth";
import { authOptions } from "../lib/auth";

export default async function Home() {
  const session = await getServerSession(authOptions);
  return <p>{session ? `Signed in as ${session.user.email ?? session.user.name}` : "Signed out"}</p>;
}
