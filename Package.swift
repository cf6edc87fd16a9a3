// swift-tools-version: 6.2
import PackageDescription

// Rooms and the one direction of imports between them:
//
//     CeleryCLI -> Commands
//     Example -> Celery -> Commands, Client, Configuration, FoundationValues, Tasks, Schedules
//     Commands -> Client, Worker, Beat, Mail, WebServer, BrokerServer, Arguments, Configuration, Tasks, Schedules, Wire, HTTP, ZeroMQ
//     Client -> Brokers, ResultStores                             (the only way to a driver)
//     Client -> Tasks, Wire, CeleryDB, SQLite, CeleryAMQP, RabbitMQ, CeleryZMQ, Redis, STOMP, Proton, Memcached, Tyrant, Mongo, SQL
//     Brokers -> CeleryDB, SQLite, CeleryAMQP, RabbitMQ, CeleryZMQ, CeleryRedis, Redis, STOMP, Proton, Wire
//     ResultStores -> CeleryDB, SQLite, CeleryAMQP, RabbitMQ, CeleryZMQ, CeleryRedis, Redis, Memcached, Tyrant, Mongo, SQL, Pickle, Wire
//     BrokerServer -> CeleryZMQ, ZeroMQ, Streams                  (the other end of CeleryZMQ)
//     CeleryDB -> SQLite, Wire
//     CeleryAMQP -> RabbitMQ
//     CeleryRedis -> Redis
//     CeleryZMQ -> ZeroMQ, Streams, Wire
//     Redis, STOMP, Proton, Memcached, Tyrant, Mongo -> Streams
//     Worker -> Tasks, Wire, HTTP
//     FoundationValues -> Tasks -> Schedules, HTTP
//     Beat -> Schedules, Wire
//     Configuration -> Schedules, TOML
//     Mail -> HTTP
//     Pickle -> Wire
//
// Below them are CeleryCore and Processes, which import no room. All import CeleryCore but the two programs, Processes, SQLite, HTTP
// and TOML. Processes is imported by those that wait for descriptors, start processes or guard files, which the targets tell.
//
// The worker and beat name no driver. A C library is seen by one room: a connection (SQLite, SQL, RabbitMQ, Proton, ZeroMQ, HTTP,
// WebServer; Streams for those that speak their protocols themselves) or Wire, which decompresses. Only CLinux, which has what glibc
// does not offer to Swift, is seen by several: Processes, CeleryDB and Tasks.

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // A section for each function: the linker keeps one of those that are equal, which makes the program a tenth smaller.
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(platforms: [.linux], configuration: .release)),
]

/// A position-dependent executable needs no relocation of its data at start,
/// which halves both the start time and the memory private to each pool child; and
/// nobody looks up its symbols, which saves another half millisecond. What Swift's runtime needs of C++ is linked in,
/// which saves a third of the rest; tables for unwinding, a seventh of the program, are left out (see Sources/CLinux/link, whose
/// scripts only lld reads). Functions that usual work needs stand side by side, which saves a resting worker a third of its memory:
/// Tests/Package/record-order finds them.
let executableLinkerSettings: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-Xclang-linker", "-no-pie", "-Xlinker", "--no-export-dynamic", "-Xlinker", "--icf=all",
            "-Xlinker", "--no-eh-frame-hdr", "-Xlinker", "\(Context.packageDirectory)/Sources/CLinux/link/without-unwinding.ld",
            "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/CLinux/link/functions.order",
            "-Xlinker", "--no-warn-symbol-ordering", "-use-ld=lld", "-L\(Context.packageDirectory)/Sources/CLinux/link", "-Xclang-linker", "-static-libgcc",
        ],
        .when(platforms: [.linux], configuration: .release)),
]

/// For rooms that no task passes thousands of times a second.
let smallCode: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
// Not the product Collections: all of its modules would be linked, and a megabyte of them is never used.
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, settings: [SwiftSetting] = []
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings + settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
    name: "celery",
    products: [
        .library(name: "Celery", targets: ["Celery"]),
        .executable(name: "celery", targets: ["CeleryCLI"]),
        .executable(name: "celery-example", targets: ["Example"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    ],
    targets: [
        // C libraries
        // Loads librabbitmq when it is needed; its headers are in librabbitmq-dev.
        .target(name: "CRabbitMQ"),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        // Loads zlib, bzip2 and liblzma when they are needed, and needs nothing of them to build.
        .target(name: "CDecompression"),
        .systemLibrary(name: "CLinux"),
        // Loads libcurl when it is needed, and needs nothing of it to build.
        .target(name: "CCurl"),
        // Loads libssl when it is needed, and needs nothing of it to build.
        .target(name: "CTLS"),
        // Loads libpq when it is needed, and needs nothing of it to build.
        .target(name: "CPostgreSQL"),
        // Loads libmariadb when it is needed, and needs nothing of it to build.
        .target(name: "CMariaDB"),
        // Loads unixODBC when it is needed, and needs nothing of it to build.
        .target(name: "CODBC"),
        // Loads libmicrohttpd when `celery web` runs, and needs nothing of it to build.
        .target(name: "CMicroHTTPD"),
        // Loads libzmq when a URL or `celery broker` needs it, and needs nothing of it to build.
        .target(name: "CZeroMQ"),
        // Loads libqpid-proton when an amqp10:// URL needs it, and needs nothing of it to build.
        .target(name: "CProton"),
        // Loads libcrypt when it is needed, and needs nothing of it to build.
        .target(name: "CCrypt"),

        // The vocabulary
        room("CeleryCore"),
        // When periodic tasks are due.
        room("Schedules", ["CeleryCore"], settings: smallCode),

        // Formats, drivers, settings
        room("Wire", ["CeleryCore", "CDecompression"]),
        room("Pickle", ["CeleryCore", "Wire"], settings: smallCode),
        room("RabbitMQ", ["CeleryCore", "Processes", "CRabbitMQ"]),
        // Threads that own a connection, for protocols of our own.
        room("Streams", ["CeleryCore", "Processes", "CTLS", deque]),
        room("Redis", ["CeleryCore", "Streams", deque]),
        room("STOMP", ["CeleryCore", "Streams"], settings: smallCode),
        // AMQP 1.0.
        room("Proton", ["CeleryCore", "Streams", "CProton"], settings: smallCode),
        room("Memcached", ["CeleryCore", "Streams"], settings: smallCode),
        room("Tyrant", ["CeleryCore", "Streams", deque], settings: smallCode),
        room("Mongo", ["CeleryCore", "Streams", deque], settings: smallCode),
        room("SQL", ["CeleryCore", "Processes", "CPostgreSQL", "CMariaDB", "CODBC"], settings: smallCode),
        room("SQLite", ["CSQLite"]),
        room("CeleryDB", ["CeleryCore", "Wire", "SQLite", "Processes", "CLinux"]),
        room("CeleryAMQP", ["CeleryCore", "RabbitMQ", deque]),
        // Results that a broker and a store in one server write in one step.
        room("CeleryRedis", ["CeleryCore", "Redis"]),
        room("ZeroMQ", ["CeleryCore", "Processes", "CZeroMQ"]),
        // The protocol of `celery broker`, and its client.
        room("CeleryZMQ", ["CeleryCore", "Wire", "Processes", "Streams", "ZeroMQ"]),
        room("Brokers", ["CeleryCore", "Wire", "CeleryDB", "SQLite", "CeleryAMQP", "CeleryRedis", "CeleryZMQ", "RabbitMQ", "Redis", "STOMP", "Proton", "Processes", deque, heap]),
        room("ResultStores", ["CeleryCore", "Wire", "Pickle", "CeleryDB", "SQLite", "CeleryAMQP", "CeleryRedis", "CeleryZMQ", "RabbitMQ", "Redis", "Memcached", "Tyrant", "Mongo", "SQL", "Processes", deque], settings: smallCode),
        room("TOML", settings: smallCode),
        room("Configuration", ["CeleryCore", "Schedules", "TOML"], settings: smallCode),

        // Talking to other services
        room("HTTP", ["CCurl"], settings: smallCode),
        // Answering others.
        room("WebServer", ["CeleryCore", "Processes", "CMicroHTTPD", "CCrypt"], settings: smallCode),

        // A broker and its result store for other machines.
        room("BrokerServer", ["CeleryCore", "Processes", "Streams", "ZeroMQ", "CeleryZMQ"], settings: smallCode),

        // Running tasks
        room("Processes", ["CLinux"]),
        room("Mail", ["CeleryCore", "HTTP", "Processes"], settings: smallCode),
        room("Tasks", ["CeleryCore", "HTTP", "Schedules", "Processes", "CLinux", logging]),
        room("Worker", ["CeleryCore", "Wire", "Tasks", "HTTP", "Processes", logging, deque]),

        // Sending periodic tasks
        room("Beat", ["CeleryCore", "Schedules", "Wire", logging], settings: smallCode),

        // Faces
        room("Client", ["CeleryCore", "Wire", "Tasks", "Brokers", "ResultStores", "CeleryDB", "SQLite", "CeleryAMQP", "CeleryZMQ", "RabbitMQ", "Redis", "STOMP", "Proton", "Memcached", "Tyrant", "Mongo", "SQL", "Processes"], settings: smallCode),
        room("Arguments", ["CeleryCore"], settings: smallCode),
        room("Commands", ["Arguments", "Client", "Worker", "Beat", "Schedules", "HTTP", "Mail", "WebServer", "BrokerServer", "ZeroMQ", "Processes", "Tasks", "Wire", "CeleryCore", "Configuration", logging], settings: smallCode),
        room("FoundationValues", ["Tasks", "CeleryCore"]),
        room("Celery", ["FoundationValues", "Commands", "Client", "Configuration", "Tasks", "Schedules", "Processes", "CeleryCore", logging]),
        .executableTarget(
            name: "CeleryCLI", dependencies: ["Commands"],
            swiftSettings: swiftSettings, linkerSettings: executableLinkerSettings),
        .executableTarget(
            name: "Example", dependencies: ["Celery"],
            swiftSettings: swiftSettings, linkerSettings: executableLinkerSettings),

        // Tests
        .executableTarget(
            name: "RoundTrip", dependencies: ["Celery"], path: "Tests/Benchmarks/RoundTrip",
            swiftSettings: swiftSettings, linkerSettings: executableLinkerSettings),
        .executableTarget(
            name: "StoreWrites", dependencies: ["Client", "CeleryCore"], path: "Tests/Benchmarks/StoreWrites",
            swiftSettings: swiftSettings, linkerSettings: executableLinkerSettings),
        room("Fixtures", ["Arguments", "CeleryCore", "Processes"], path: "Tests/Fixtures"),
        room(
            "ServedBroker", ["BrokerServer", "Brokers", "ResultStores", "CeleryZMQ", "ZeroMQ", "CeleryCore", "Fixtures"],
            path: "Tests/ServedBroker"),
        tests("CeleryCoreTests", ["CeleryCore", "Fixtures"]),
        tests("SchedulesTests", ["Schedules", "CeleryCore", "Fixtures"], exclude: ["croniter_check.py", "minute_walk.py"]),
        tests("WireTests", ["Wire", "CeleryCore", "Fixtures"]),
        tests("PickleTests", ["Pickle", "Wire", "CeleryCore", "Fixtures"]),
        tests("SQLiteTests", ["SQLite", "CSQLite", "Fixtures"]),
        tests("CeleryDBTests", ["CeleryDB", "SQLite", "CeleryCore", "Processes", "Fixtures"], exclude: ["Recordings"]),
        tests("ArgumentsTests", ["Arguments", "Fixtures"]),
        .executableTarget(
            name: "DetachProbe", dependencies: ["Processes"], path: "Tests/DetachProbe", swiftSettings: swiftSettings),
        tests("ProcessesTests", ["Processes", "CLinux", "DetachProbe", "Fixtures"]),
        tests("TasksTests", ["FoundationValues", "Tasks", "HTTP", "CeleryCore", "Schedules", "Processes", "Fixtures", logging]),
        tests("FoundationValuesTests", ["FoundationValues", "Tasks", "CeleryCore"]),
        tests("ConfigurationTests", ["Configuration", "CeleryCore", "Schedules", "Fixtures"]),
        tests("HTTPTests", ["HTTP", "Fixtures"]),
        tests("WebServerTests", ["WebServer", "CeleryCore", "Processes", "Fixtures"]),
        tests("MailTests", ["Mail", "HTTP", "CeleryCore", "Fixtures"]),
        tests("RabbitMQTests", ["RabbitMQ", "CeleryCore", "Wire", "Fixtures"]),
        tests("SQLTests", ["SQL", "CeleryCore", "Fixtures"]),
        tests("RedisTests", ["Redis", "Streams", "CeleryCore", "Fixtures"]),
        tests("MemcachedTests", ["Memcached", "Streams", "CeleryCore", "Fixtures"]),
        tests("STOMPTests", ["STOMP", "Streams", "CeleryCore", "Fixtures"]),
        tests("ProtonTests", ["Proton", "Streams", "CeleryCore", "Fixtures"]),
        tests("TyrantTests", ["Tyrant", "CeleryCore", "Fixtures"]),
        tests("MongoTests", ["Mongo", "Streams", "CeleryCore", "Fixtures"]),
        tests("CeleryAMQPTests", ["CeleryAMQP", "RabbitMQ", "CeleryCore", "Fixtures"]),
        tests("ZeroMQTests", ["ZeroMQ", "Fixtures"]),
        tests("CeleryZMQTests", ["CeleryZMQ", "ZeroMQ", "CeleryCore", "Wire", "Fixtures"]),
        tests("BrokerServerTests", ["BrokerServer", "CeleryZMQ", "ZeroMQ", "Fixtures"]),
        tests("TOMLTests", ["TOML", "CeleryCore", "Fixtures"], exclude: ["pack", "toml-test.jsonl", "toml-test.LICENSE"]),
        .executableTarget(
            name: "DriverProbe", dependencies: ["CeleryCore", "Wire", "CeleryDB", "Brokers", "Processes", "CLinux"],
            path: "Tests/DriverProbe", swiftSettings: swiftSettings),
        tests(
            "DriverTests",
            ["CeleryCore", "Wire", "Pickle", "CeleryDB", "SQLite", "CeleryAMQP", "CeleryZMQ", "ZeroMQ", "Brokers", "ResultStores", "RabbitMQ", "Redis", "STOMP", "Proton", "Memcached", "Tyrant", "Mongo", "SQL", "Processes", "Worker", "Fixtures", "ServedBroker", "DriverProbe"]),
        tests(
            "WorkerTests",
            ["Worker", "CeleryCore", "Wire", "Tasks", "CeleryDB", "SQLite", "Brokers", "ResultStores", "Redis", "STOMP", "Proton", "Memcached", "SQL", "Processes", "Fixtures", "ServedBroker", logging]),
        tests("BeatTests", ["Beat", "Brokers", "CeleryCore", "Schedules", "Wire", "Fixtures", logging]),
        tests("ClientTests", ["Client", "Fixtures", "CeleryCore", "CeleryDB", "Tasks", "Wire", "Brokers", "ResultStores"]),
        tests("CommandsTests", ["Fixtures", "Brokers", "RabbitMQ", "ResultStores", "Commands", "Arguments", "Beat", "Schedules", "CeleryCore", "Client", "Configuration", "Processes", "Tasks", "WebServer", "Wire", "Worker", logging]),
        tests("EndToEndTests", ["CeleryCLI", "Example", "CeleryCore", "Processes", "Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)
