-- A copy of a production database must neither poll Procurify nor hold its token.
UPDATE procurify_connection
   SET active = false,
       client_secret_encrypted = NULL,
       token_encrypted = NULL,
       token_expires_at = NULL;
