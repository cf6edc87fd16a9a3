import CeleryCore

extension SettingsKey {
    /// The settings of the broker and the result store.
    package static let brokerKeys: [SettingsKey] = [
        SettingsKey(
            "CELERY_BROKER_URL", aliases: ["BROKER_URL"], .urls, default: "\"sqlite:celery.db\"",
            """
            The broker: sqlite:///path, sqlite:path (relative to the folder of the file), \
            amqp://user:password@host:port/vhost (or pyamqp://, as Python's Celery also writes it), or several URLs separated by ";", \
            which are tried in order. redis://:password@host:6379/0, rediss:// (TLS) and socket:///path/to/redis.sock share the queues of Python's Celery in a Redis \
            server, with options of its transport after a question mark: visibility_timeout, global_keyprefix, priority_steps, sep, \
            fanout_prefix, queue_order_strategy. \
            stomp://user:password@host:61613 and stomp+ssl://user:password@host:61614 name an ActiveMQ server, or RabbitMQ with its STOMP \
            plugin, whose virtual host is the path; options are destination_prefix, which all names of queues and topics begin with, \
            connect_timeout, and with TLS ssl_ca_certs, ssl_ca_path, ssl_certfile, ssl_keyfile, ssl_cert_reqs and ssl_check_hostname. \
            amqp10://user:password@host:5672/vhost and amqps10://user:password@host:5671/vhost name a server by AMQP 1.0: RabbitMQ, before version \
            4 with its plugin rabbitmq_amqp1_0, whose virtual host is the path, ActiveMQ, Artemis or Qpid Broker-J; options are those of \
            stomp://, hostname, which AMQP calls so and Broker-J takes for its virtual host, and task_protocol=1, which puts all of a task into the body \
            of its message, for Python's workers at RabbitMQ 3. They need the library libqpid-proton11. \
            zmq://host:5556?server_key=KEY is the celery.db of a project on another machine, where celery broker serves it and prints this \
            URL; it needs the library libzmq5.
            """
        ) { $0.settings.brokerURL = $0.text(of: $1) },
        SettingsKey(
            "CELERY_RESULT_BACKEND", .urls, default: nil,
            """
            The result store: sqlite:///path, or db+sqlite:///path to share results with Python's Celery \
            (with Python's slashes: three before a path relative to the folder of the file, four before an absolute path). \
            With a RabbitMQ broker also rpc://, which sends each result to the project that submitted the task, \
            and amqp:// (the broker itself, or amqp://user:password@host:port/vhost), which creates a queue for \
            each result, readable by every client. redis://:password@host:6379/0, rediss:// (TLS) and \
            socket:///path/to/redis.sock share results with Python's Celery in a Redis server, \
            cache+memcached://host:11211;host2:11211/ in Memcached servers (cache+memcacheds:// by TLS, with ssl_ca_certs=FILE and the other options of \
            rediss://; Python's URLs have no TLS), and file:///path/to/folder in files. \
            postgresql://user:password@host:port/name keeps all that celery.db keeps of tasks in a PostgreSQL database, for workers that share \
            no disk; Python cannot read it. db+postgresql://user:password@host:port/name shares results with Python in the tables of a database; SQLAlchemy's name of a Python library \
            (db+postgresql+psycopg2) is ignored, and the options of both after a question mark are libpq's, as sslmode=verify-full&sslrootcert=FILE. \
            db+mysql:// and db+mariadb:// are the same for MySQL and MariaDB, with options of PyMySQL: ssl_ca=FILE (encrypts, and verifies the \
            certificate), ssl_cert, ssl_key, ssl_mode, ssl_verify_cert, unix_socket, connect_timeout, read_timeout. These need the \
            library libpq5 or libmariadb3. db+oracle://user:password@host:1521/service?driver=NAME is the same for Oracle by ODBC, with the \
            driver that unixODBC knows by this name; ?dsn=NAME names a data source instead, and ?connection=TEXT a connection string for \
            any driver. It needs the library libodbc2 and Oracle's driver. tyrant://host:1978 keeps results in a Tokyo Tyrant server, \
            mongodb://user:password@host:port,host2:port/database?replicaSet=name&tls=true in the collections of Python's Celery in a MongoDB \
            database, with options of PyMongo: authSource, authMechanism (SCRAM-SHA-256 or SCRAM-SHA-1), tlsCAFile, \
            tlsCertificateKeyFile, w, journal, connectTimeoutMS, and taskmeta_collection and groupmeta_collection, which name other \
            collections than Celery's. zmq://host:5556?server_key=KEY is the celery.db behind a celery broker. The default is the SQLite file of \
            the broker, also behind a zmq:// broker, or with another broker celery.db beside the settings file.
            """
        ) { $0.settings.resultURL = $0.text(of: $1) },
        SettingsKey(
            "CELERY_RESULT_KEY_PREFIX", .text, default: "\"\"",
            """
            What all keys in a Redis, Memcached or Tokyo Tyrant server, and all files of results, begin with, for several projects in one place: global_keyprefix in Python's \
            result_backend_transport_options. An underscore is added unless it ends with one of : _ - and the full stop.
            """
        ) { $0.settings.resultKeyPrefix = $1 },
        SettingsKey(
            "CELERY_BACKEND", .originalBackend, default: nil,
            """
            The result store as the first versions of Celery name it: "amqp" for queues at the broker, "cache" for the \
            Memcached servers of CELERY_CACHE_BACKEND or CACHE_BACKEND, "mongodb" for the database of \
            CELERY_MONGODB_BACKEND_SETTINGS, "tyrant" for the Tokyo Tyrant server of TT_HOST, "database" for \
            the database that DATABASE_ENGINE and the settings after it describe, which is meant as well without this setting. \
            CELERY_RESULT_BACKEND names any store.
            """
        ) { $0.results.backend = $1 },
        SettingsKey(
            "CACHE_BACKEND", .cache, default: nil,
            "Django's cache, which keeps the results with CELERY_BACKEND = \"cache\": memcached://host:11211;host2:11211/."
        ) { $0.results.djangoCache = $1 },
        SettingsKey(
            "CELERY_CACHE_BACKEND", .cache, default: nil,
            "The same for results alone; overrides CACHE_BACKEND."
        ) { $0.results.cache = $1 },
        SettingsKey(
            "CELERY_MONGODB_BACKEND_SETTINGS", .mongoParts, default: nil,
            """
            The MongoDB database that keeps the results with CELERY_BACKEND = "mongodb": a table with host (also a list, or a URL; localhost), \
            port (27017), user, password, database (celery; it also knows the user, unless options has an authSource), taskmeta_collection, \
            groupmeta_collection and options, a table of those of the URL. With a CELERY_RESULT_BACKEND of MongoDB that names the server, it \
            adds the other members.
            """
        ) { $0.results.mongo = $1 },
        SettingsKey(
            "TT_HOST", .host(portIn: "TT_PORT"), default: nil,
            "Host of the Tokyo Tyrant server that keeps the results with CELERY_BACKEND = \"tyrant\"."
        ) { $0.results.tyrantHost = $1 },
        SettingsKey(
            "TT_PORT", .optionalPort, default: nil, "Port of that server; 1978 without it."
        ) { $0.results.tyrantPort = $1 },
        SettingsKey(
            "CELERY_DATABASE_RESULT_FORMAT", .choice(["json", "pickle"]), default: "\"json\"",
            """
            How results and task-sets are written to the tables of Python's Celery (db+...): "json", as Celery 5.7 does, or "pickle" for tables \
            shared with Celery 5.4 to 5.6, which read nothing else; 5.7 logs a warning for each pickle that it reads. Both are read here.
            """
        ) { $0.settings.pythonResultFormat = PythonResultFormat(rawValue: $1) ?? .json },
        SettingsKey(
            "DATABASE_ENGINE", .choice(["postgresql", "postgresql_psycopg2", "mysql", "oracle", "sqlite3"]), default: nil,
            "Kind of the database for results, in the tables of Python's Celery, as Django names it."
        ) { $0.results.engine = $1 },
        SettingsKey(
            "DATABASE_NAME", .text, default: nil,
            "Name of that database; of sqlite3, the path of its file, relative to the folder of the settings file; of oracle, an ODBC data source."
        ) { $0.results.name = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "DATABASE_USER", .text, default: nil, "User of that database."
        ) { $0.results.user = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "DATABASE_PASSWORD", .text, default: nil, "Password of that user."
        ) { $0.results.password = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "DATABASE_HOST", .text, default: nil,
            "Host of that database. A path is that of a socket, or of the folder of PostgreSQL's socket; nothing is this machine."
        ) { $0.results.host = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "DATABASE_PORT", .optionalPort, default: nil, "Port of that database."
        ) { $0.results.port = $1 },
        SettingsKey(
            "CARROT_BACKEND", .choice(BrokerParts.backends.keys.sorted()), default: nil,
            """
            How the AMQP settings below reach the broker, as the first versions of Celery name it: "pyamqplib" (also "amqplib" and "amqp") \
            by AMQP, as without this setting, and "pystomp" (also "stomp" and "stompy") by STOMP.
            """
        ) { $0.parts.backend = $1 },
        SettingsKey(
            "AMQP_SERVER", aliases: ["AMQP_HOST", "BROKER_HOST"], .host(portIn: "AMQP_PORT"), default: nil,
            "Host of the broker; localhost if only other AMQP settings are given."
        ) { $0.parts.server = $1 },
        SettingsKey(
            "AMQP_PORT", aliases: ["BROKER_PORT"], .whole(1...65_535), default: nil,
            "Port of the broker; 5672, and with STOMP 61613, if only other AMQP settings are given."
        ) { $0.parts.port = $1 },
        SettingsKey(
            "AMQP_USER", aliases: ["BROKER_USER"], .text, default: nil,
            "User at the broker."
        ) { $0.parts.user = $1 },
        SettingsKey(
            "AMQP_PASSWORD", aliases: ["BROKER_PASSWORD"], .text, default: nil,
            "Password of that user."
        ) { $0.parts.password = $1 },
        SettingsKey(
            "AMQP_VHOST", aliases: ["BROKER_VHOST"], .text, default: nil,
            "Virtual host on the RabbitMQ server; \"/\" if only other AMQP settings are given."
        ) { $0.parts.virtualHost = $1.isEmpty ? "/" : $1 },
        SettingsKey(
            "CELERY_SQLITE_DURABILITY", .choice(["full", "normal"]), default: "\"full\"",
            """
            "full" loses no accepted message in a power failure; "normal" is faster but may lose the most recent \
            transactions. Neither can damage the file. So with results in a folder (file://).
            """
        ) { $0.settings.durability = $1 },
        SettingsKey(
            "CELERY_FILE_GROUP", .text, default: nil,
            """
            Group, by name or number, whose members may use newly created SQLite files (mode 0660) and read new logs and job \
            logs (mode 0640), regardless of the umask. Without it, these files belong to their owner alone (mode 0600). Existing \
            files keep their mode. A folder of results (file://) and its files follow this setting and the next, too.
            """
        ) { $0.settings.fileGroup = $1.isEmpty ? nil : $1 },
        SettingsKey(
            "CELERY_SQLITE_GROUP_ACCESS", .choice(["write", "read"]), default: "\"write\"",
            """
            Access of the group of CELERY_FILE_GROUP to a new SQLite file: with "write", members can submit tasks and run \
            workers; with "read" (mode 0640), only view states, results, queues and events.
            """
        ) { $0.settings.databaseGroupWrites = $1 == "write" },
        SettingsKey(
            "CELERY_PRIORITY_AGEING", .duration, default: "0",
            """
            Waiting time in a SQLite file that raises a message by one step of priority relative to new messages, so that \
            low priorities are not delayed for ever; 0 turns ageing off. Messages keep the rank computed at submission: turn \
            ageing on at any time, but off only while few messages wait. RabbitMQ's priorities do not age.
            """
        ) { $0.settings.priorityAgeing = $1 },
        SettingsKey(
            "CELERY_DEFAULT_QUEUE_TYPE", aliases: ["CELERY_TASK_DEFAULT_QUEUE_TYPE"], .queueType, default: "\"classic\"",
            """
            Type of the queues declared on a RabbitMQ server: "classic" on one node, "quorum" replicated over a \
            cluster. An existing queue keeps its type.
            """
        ) { $0.settings.queueType = QueueDefinition.QueueType(rawValue: $1) ?? .classic },
        SettingsKey(
            "CELERY_QUEUE_MAX_PRIORITY", aliases: ["CELERY_TASK_QUEUE_MAX_PRIORITY"], .whole(0...255), default: "0",
            """
            Declares classic queues on a RabbitMQ server as priority queues, with this highest priority; \
            0 declares plain queues, which ignore the priority of a message. 10 is plenty.
            """
        ) { $0.settings.queueMaxPriority = $1 == 0 ? nil : $1 },
        SettingsKey(
            "CELERY_BROKER_HEARTBEAT", aliases: ["BROKER_HEARTBEAT"], .whole(0...3_600), default: "10",
            """
            Seconds between heartbeats of a connection to RabbitMQ. The connection counts as lost after one and a \
            half intervals of silence. 0 turns heartbeats off.
            """
        ) { $0.settings.brokerHeartbeat = $1 },
        SettingsKey(
            "CELERY_AMQP_CONNECTION_TIMEOUT", aliases: ["BROKER_CONNECTION_TIMEOUT"], .duration, default: "4",
            "Time limit in seconds for connecting to RabbitMQ, Redis, a STOMP server, Memcached, Tokyo Tyrant, MongoDB, PostgreSQL, MySQL or Oracle; 0 means 4."
        ) { $0.settings.connectionTimeout = $1 ?? 4 },
        SettingsKey(
            "CELERY_PUBLISH_TIMEOUT", .duration, default: "30",
            """
            Time limit in seconds for RabbitMQ to confirm a message, including reconnections and alarms; after that, \
            celery apply exits with 75. 0 means a day.
            """
        ) { $0.settings.publishTimeout = $1 ?? 86_400 },
    ]
}
