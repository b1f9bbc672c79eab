-- The name that the user gave the authenticator app, which a challenge for its code repeats (FRIENDLY_DEVICE_NAME).
-- compatible-with: 46
ALTER TABLE software_tokens ADD COLUMN friendly_name text;
