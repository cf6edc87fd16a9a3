import CeleryCore
package import SQL

/// The tables of `postgresql://`, in the first schema of the user's search path: what they are, how they are made, and how those of an
/// earlier layout become the present ones.
///
///     celery_layout             the layouts that these tables have had, oldest first
///     celery_result             results, and the messages that asked for them
///     celery_output             what attempts wrote
///     celery_task_set           task-sets
///     celery_task_set_count     ... how many of their members have a result in each state
///     celery_task_set_member    ... and which members took the place of others
///     celery_slot               concurrency slots of tasks
package struct PostgreSQLSchema: Sendable {
    /// The way from one layout to the next.
    package struct Step: Sendable {
        /// The layout that it leads to.
        package var layout: Int
        /// The earliest layout whose programs can go on with the new one, so that a fleet may be upgraded one by one.
        package var oldest: Int
        package var statements: [String]

        package init(to layout: Int, oldest: Int, _ statements: [String]) {
            (self.layout, self.oldest, self.statements) = (layout, oldest, statements)
        }
    }

    /// What a database has of the tables.
    package enum State: Sendable, Equatable {
        case missing
        /// Made by an earlier version of this program; the number of the layout.
        case outdated(Int)
        /// Of this layout, or of a later one that this program can use.
        case usable
    }

    /// Oldest first; the first makes the tables.
    package let steps: [Step]
    package var layout: Int { steps.last?.layout ?? 0 }

    package init(steps: [Step]) { self.steps = steps }

    package static let current = PostgreSQLSchema(steps: [Step(to: 1, oldest: 1, tables.flatMap(\.statements))])

    private static let tables: [(name: String, statements: [String])] = [
        (
            "celery_layout",
            ["CREATE TABLE celery_layout (layout INTEGER PRIMARY KEY, oldest INTEGER NOT NULL, made TIMESTAMPTZ NOT NULL DEFAULT now())"]
        ),
        ("celery_result", PostgreSQLResultRow.schema), ("celery_output", PostgreSQLOutputRow.schema),
        ("celery_task_set", PostgreSQLTaskSets.schema), ("celery_slot", PostgreSQLSlots.schema),
    ]

    /// - Throws: `DriverError` for tables of another program, or of a version whose layout this one cannot use.
    package func state(in db: any SQLConnection, of location: String) throws -> State {
        var there = try existing(in: db)
        // The server looks for one table after the other; another program may have made them all in between.
        if !there.isEmpty, there.count < Self.tables.count { there = try existing(in: db) }
        guard there.contains("celery_layout") else {
            guard let other = there.first else { return .missing }
            throw DriverError(
                .unusable, "table \(other) in \(location) is not one of Celery's: there is no table celery_layout beside it",
                hint: "name another database, or another schema with ?options=-csearch_path%3DNAME; this one was left unchanged")
        }
        guard let row = try db.rows("SELECT layout, oldest FROM celery_layout ORDER BY layout DESC LIMIT 1").first,
            let layout = row[0].integer, let oldest = row[1].integer
        else { return .missing }
        guard oldest <= self.layout else {
            throw DriverError(
                .unusable, "the tables in \(location) have layout \(layout), and this version of celery knows \(self.layout)",
                hint: "upgrade celery on this machine; the tables were left unchanged")
        }
        return layout < self.layout ? .outdated(Int(layout)) : .usable
    }

    /// The names of our tables that are there.
    private func existing(in db: any SQLConnection) throws -> [String] {
        let names = Self.tables.map(\.name)
        let found = try db.rows("SELECT \(names.map { "to_regclass('\($0)') IS NOT NULL" }.joined(separator: ", "))").first ?? []
        return zip(names, found).filter { $1 == .integer(1) }.map(\.0)
    }

    /// The statements that make the tables, or what they lack.
    package func statements(from state: State) -> [String] {
        let before: Int
        switch state {
        case .usable: return []
        case .missing: before = 0
        case .outdated(let layout): before = layout
        }
        return steps.filter { $0.layout > before }.flatMap { step in
            step.statements + ["INSERT INTO celery_layout (layout, oldest) VALUES (\(step.layout), \(step.oldest))"]
        }
    }

    /// Makes the tables, or upgrades them, within a transaction. Keeps all rows.
    package func make(in db: any SQLConnection, of location: String) throws {
        // Of two who make them at once, one waits and finds them.
        _ = try db.rows("SELECT pg_advisory_xact_lock(\(PostgreSQLLock.tables), 0)")
        for statement in statements(from: try state(in: db, of: location)) { try db.execute(statement) }
    }
}

/// Numbers of advisory locks, each with a second one that says of what: PostgreSQL has one space of them for all programs of a database,
/// so these begin with "Cel".
enum PostgreSQLLock {
    /// Making the tables.
    static let tables = 0x43_65_6C_00
    /// Whether a task-set is there, while results of its members are stored.
    static let taskSet = 0x43_65_6C_01
    /// The slots of a task and key.
    static let slots = 0x43_65_6C_02
}

// MARK: celery syncdb

extension PostgreSQLSchema {
    /// The statements that `complete` would run. Changes nothing.
    package func missing(in database: any SQLDatabase) async throws -> (state: State, statements: [String]) {
        let state = try await database.read { [location = database.location] in try self.state(in: $0, of: location) }
        return (state, statements(from: state))
    }

    /// Makes the tables, or upgrades them.
    package func complete(_ database: any SQLDatabase) async throws {
        try await database.maintain { [location = database.location] db in
            // An upgrade may take long, and is done whole or not at all: with the connection ends what it did not commit.
            try db.execute("BEGIN")
            try make(in: db, of: location)
            try db.execute("COMMIT")
        }
    }
}
