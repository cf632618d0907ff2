-- What is wanted is compared with what is there; the difference becomes statements, which are executed one after the other. So the next run completes one
-- that was cut, a run that finds everything as it shall be writes nothing, and a right that stays is never away.
SET NAMES utf8mb4 COLLATE utf8mb4_bin;
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_CREATE_USER,NO_BACKSLASH_ESCAPES', lock_wait_timeout = 20, group_concat_max_len = 65536;

DELIMITER //
BEGIN NOT ATOMIC
    DECLARE state VARCHAR(64) DEFAULT COALESCE(
        (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_CLUSTER_STATUS'), 'in no cluster');
    IF state <> 'Primary' OR @@GLOBAL.read_only THEN
        SET @refusal = CONCAT('databases and users can be changed only on a member that is Primary and writable; this one is ',
            IF(state = 'Primary', 'read_only', state));
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @refusal;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'pulumi_ha' AND TABLE_NAME = 'accounts') THEN
        CREATE DATABASE IF NOT EXISTS pulumi_ha;
        CREATE TABLE IF NOT EXISTS pulumi_ha.accounts (user VARCHAR(128), host VARCHAR(255), PRIMARY KEY (user, host))
            ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT = 'Accounts that pulumi-ha made: it changes and drops no others';
    END IF;
END//
DELIMITER ;

USE pulumi_ha;
CREATE TEMPORARY TABLE wanted_databases (name VARCHAR(64), charset VARCHAR(64), collation VARCHAR(64)) COLLATE utf8mb4_bin;
CREATE TEMPORARY TABLE wanted_users (
    user VARCHAR(128), host VARCHAR(255), password CHAR(41), previous CHAR(41), tls VARCHAR(4), connections INT,
    account VARCHAR(800) AS (CONCAT('''', REPLACE(user, '''', ''''''), '''@''', REPLACE(host, '''', ''''''), ''''))
) COLLATE utf8mb4_bin;
CREATE TEMPORARY TABLE wanted_rights (user VARCHAR(128), host VARCHAR(255), object VARCHAR(160), privilege VARCHAR(64)) COLLATE utf8mb4_bin;
CREATE TEMPORARY TABLE rights LIKE wanted_rights;
CREATE TEMPORARY TABLE deeper (user VARCHAR(128), host VARCHAR(255)) COLLATE utf8mb4_bin;
CREATE TEMPORARY TABLE plan (step INT AUTO_INCREMENT PRIMARY KEY, statement TEXT) COLLATE utf8mb4_bin;

-- @wanted

DELIMITER //
BEGIN NOT ATOMIC
    SELECT CONCAT(GROUP_CONCAT(w.user, '@', w.host SEPARATOR ', '), ': made by someone else, and left as it is; drop it, or give the user another name')
        INTO @refusal
        FROM wanted_users w JOIN mysql.global_priv p ON (p.User, p.Host) = (w.user, w.host)
        WHERE (w.user, w.host) NOT IN (SELECT user, host FROM accounts);
    IF @refusal IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @refusal;
    END IF;
END//
DELIMITER ;

INSERT INTO plan (statement)
    SELECT CONCAT(IF(s.SCHEMA_NAME IS NULL, 'CREATE', 'ALTER'), ' DATABASE `', REPLACE(w.name, '`', '``'), '` CHARACTER SET ', w.charset,
        IF(w.collation IS NULL, '', CONCAT(' COLLATE ', w.collation)))
    FROM wanted_databases w LEFT JOIN information_schema.SCHEMATA s ON s.SCHEMA_NAME = w.name
    WHERE s.SCHEMA_NAME IS NULL OR s.DEFAULT_CHARACTER_SET_NAME <> w.charset OR s.DEFAULT_COLLATION_NAME <> w.collation;

-- Known before they are there: a run that was cut between the two would otherwise find its own account to be another's.
INSERT INTO accounts SELECT user, host FROM wanted_users WHERE (user, host) NOT IN (SELECT user, host FROM accounts);

INSERT INTO plan (statement)
    SELECT CONCAT(IF(p.User IS NULL, 'CREATE', 'ALTER'), ' USER ', w.account, ' IDENTIFIED VIA mysql_native_password USING ''', w.password, '''',
        IF(w.previous IS NULL, '', CONCAT(' OR mysql_native_password USING ''', w.previous, '''')),
        ' REQUIRE ', w.tls, ' WITH MAX_USER_CONNECTIONS ', w.connections, ' ACCOUNT UNLOCK')
    FROM wanted_users w LEFT JOIN mysql.global_priv p ON (p.User, p.Host) = (w.user, w.host)
    WHERE p.User IS NULL OR NOT (
        JSON_VALUE(p.Priv, '$.plugin') <=> 'mysql_native_password'
        AND JSON_VALUE(p.Priv, '$.authentication_string') <=> w.password
        AND COALESCE(JSON_LENGTH(p.Priv, '$.auth_or'), 1) = IF(w.previous IS NULL, 1, 2)
        AND JSON_VALUE(p.Priv, '$.auth_or[1].plugin') <=> IF(w.previous IS NULL, NULL, 'mysql_native_password')
        AND JSON_VALUE(p.Priv, '$.auth_or[1].authentication_string') <=> w.previous
        AND COALESCE(JSON_VALUE(p.Priv, '$.ssl_type'), 0) = IF(w.tls = 'SSL', 1, 0)
        AND COALESCE(JSON_VALUE(p.Priv, '$.max_user_connections'), 0) = w.connections
        AND COALESCE(JSON_VALUE(p.Priv, '$.account_locked'), 0) = 0
    );

-- Roles, and rights to single tables, columns and routines, are never wanted. They leave together with all others, which come back at once: the one case in
-- which a right that stays is away for a moment.
INSERT INTO deeper
    SELECT user, host FROM wanted_users
    WHERE (user, host) IN (SELECT User, Host FROM mysql.tables_priv)
        OR (user, host) IN (SELECT User, Host FROM mysql.columns_priv)
        OR (user, host) IN (SELECT User, Host FROM mysql.procs_priv)
        OR (user, host) IN (SELECT User, Host FROM mysql.roles_mapping);
INSERT INTO plan (statement)
    SELECT CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM ', w.account) FROM wanted_users w JOIN deeper d USING (user, host);

INSERT INTO rights
    SELECT w.user, w.host, CONCAT('`', REPLACE(s.TABLE_SCHEMA, '`', '``'), '`.*'), s.PRIVILEGE_TYPE
    FROM wanted_users w JOIN information_schema.SCHEMA_PRIVILEGES s ON s.GRANTEE = CONCAT('''', w.user, '''@''', w.host, '''')
    UNION SELECT w.user, w.host, CONCAT('`', REPLACE(s.TABLE_SCHEMA, '`', '``'), '`.*'), 'GRANT OPTION'
    FROM wanted_users w JOIN information_schema.SCHEMA_PRIVILEGES s ON s.GRANTEE = CONCAT('''', w.user, '''@''', w.host, '''')
    WHERE s.IS_GRANTABLE = 'YES'
    UNION SELECT w.user, w.host, '*.*', u.PRIVILEGE_TYPE
    FROM wanted_users w JOIN information_schema.USER_PRIVILEGES u ON u.GRANTEE = CONCAT('''', w.user, '''@''', w.host, '''')
    UNION SELECT w.user, w.host, '*.*', 'GRANT OPTION'
    FROM wanted_users w JOIN information_schema.USER_PRIVILEGES u ON u.GRANTEE = CONCAT('''', w.user, '''@''', w.host, '''')
    WHERE u.IS_GRANTABLE = 'YES';
DELETE FROM rights WHERE privilege = 'USAGE' OR (user, host) IN (SELECT user, host FROM deeper);

INSERT INTO plan (statement)
    SELECT CONCAT('GRANT ', GROUP_CONCAT(privilege ORDER BY privilege SEPARATOR ', '), ' ON ', object, ' TO ', account)
    FROM wanted_rights JOIN wanted_users USING (user, host)
    WHERE (user, host, object, privilege) NOT IN (SELECT user, host, object, privilege FROM rights)
    -- ALL stands alone in a statement.
    GROUP BY account, object, privilege = 'ALL PRIVILEGES';
INSERT INTO plan (statement)
    SELECT CONCAT('REVOKE ', GROUP_CONCAT(privilege ORDER BY privilege SEPARATOR ', '), ' ON ', object, ' FROM ', account)
    FROM rights JOIN wanted_users USING (user, host)
    WHERE (user, host, object, privilege) NOT IN (SELECT user, host, object, privilege FROM wanted_rights)
        AND ((user, host, object, 'ALL PRIVILEGES') NOT IN (SELECT user, host, object, privilege FROM wanted_rights) OR privilege = 'GRANT OPTION')
    GROUP BY account, object;

INSERT INTO plan (statement)
    SELECT CONCAT('DROP USER IF EXISTS ''', REPLACE(user, '''', ''''''), '''@''', REPLACE(host, '''', ''''''), '''')
    FROM accounts WHERE (user, host) NOT IN (SELECT user, host FROM wanted_users);

DELIMITER //
BEGIN NOT ATOMIC
    DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
    FOR next IN (SELECT statement FROM plan ORDER BY step) DO
        SELECT REGEXP_REPLACE(next.statement, '[*][0-9A-F]{40}', '***');
        EXECUTE IMMEDIATE next.statement;
    END FOR;
    DELETE FROM accounts WHERE (user, host) NOT IN (SELECT user, host FROM wanted_users);
    -- A session goes on when its account is dropped, with the rights that it had.
    IF NOT EXISTS (SELECT 1 FROM mysql.global_priv WHERE User = '') THEN
        FOR orphan IN (
            SELECT ID, USER FROM information_schema.PROCESSLIST
            WHERE USER NOT IN ('system user', 'unauthenticated user', 'event_scheduler') AND USER NOT IN (SELECT User FROM mysql.global_priv)
        ) DO
            SELECT CONCAT('KILL CONNECTION ', orphan.ID, ' of ', orphan.USER);
            EXECUTE IMMEDIATE CONCAT('KILL CONNECTION ', orphan.ID);
        END FOR;
    END IF;
END//
DELIMITER ;
