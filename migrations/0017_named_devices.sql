-- A session is ended with the device that its sign-in named, also where the device was not asked for its proof (passkeys, codes,
-- devices that are not remembered): a laptop that is forgotten is signed out of everything.

ALTER TABLE sessions ADD COLUMN named_device text;       -- a key of devices; stands in no token, for a name proves nothing
