"use client";

import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { useEffect } from "react";

/** Amplify in the browser, in reach of the test. */
export function Browser({ config }) {
  useEffect(() => {
    Amplify.configure(config, { ssr: true });
    window.auth = auth;
  }, [config]);
  return null;
}
