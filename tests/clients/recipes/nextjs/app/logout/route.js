import { redirect } from "next/navigation";
import { signOutUrl } from "../../lib/auth";

export function GET() {
  redirect(`/api/auth/signout?${new URLSearchParams({ callbackUrl: signOutUrl })}`);
}
