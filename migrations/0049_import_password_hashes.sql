-- The algorithm that made the password hashes of an import job's file; NULL if the file contains none.
-- compatible-with: 47
ALTER TABLE user_import_jobs ADD COLUMN password_hashing_algorithm text;
