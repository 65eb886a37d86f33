-- A copy of a production database must neither poll Procurify nor hold its token.
UPDATE procurify_connection
   SET active = false,
       client_secret_encrypted = NULL,
       token_encrypted = NULL,
       token_expires_at = NULL;
UPDATE procurify_target
   SET state = 'draft',
       api_key_encrypted = NULL;
-- A file's address may open it to whoever knows it.
UPDATE procurify_attachment
   SET url = NULL;
-- The monitor of production would take the copy for it.
DELETE FROM ir_config_parameter
 WHERE key = 'procurify_connector.monitoring_token_sha256';
-- Signatures of addresses that an earlier version of the addon kept.
UPDATE procurify_record
   SET payload = regexp_replace(payload, '\?[^"[:space:]]*(signature|token|credential|hmac|accesskey|sig=|expires=)[^"[:space:]\\]*', '?signature=removed', 'gi')
 WHERE payload ~* '\?[^"[:space:]]*(signature|token|credential|hmac|accesskey|sig=|expires=)';
UPDATE procurify_version
   SET payload = regexp_replace(payload, '\?[^"[:space:]]*(signature|token|credential|hmac|accesskey|sig=|expires=)[^"[:space:]\\]*', '?signature=removed', 'gi')
 WHERE payload ~* '\?[^"[:space:]]*(signature|token|credential|hmac|accesskey|sig=|expires=)';
