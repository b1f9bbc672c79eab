-- Messages that people wait for at a screen go before others: see docs/decisions/0033. What is inserted without it, by the
-- release before, is taken as waited for, as everything was.
ALTER TABLE outbox ADD COLUMN urgency smallint NOT NULL DEFAULT 0; -- 0: somebody waits for it; 1: nobody does
