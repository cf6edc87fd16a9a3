import CeleryCore
import Fixtures
import Testing

/// Results in the tables of Python's Celery at a server: `--result-backend db+postgresql://...`.
@Suite(.blocking) struct DatabaseServerTests {
    /// A database of the test's own, and the variables that name it.
    private func variables(_ kind: DatabaseServer.Kind) throws -> (server: DatabaseServer, database: String, variables: [String: String]) {
        let server = kind == .postgreSQL ? try DatabaseServer.postgreSQL : try DatabaseServer.mariaDB
        let name = "e2e_\(UInt32.random(in: 0...UInt32.max))"
        try server.ask("CREATE DATABASE \(name)")
        return (server, name, ["CELERY_RESULT_BACKEND": server.url(host: "127.0.0.1", database: name)])
    }

    @Test(arguments: [DatabaseServer.Kind.postgreSQL, .mariaDB])
    func `syncdb makes the tables, and results are found by any command`(_ kind: DatabaseServer.Kind) throws {
        let (server, database, variables) = try variables(kind)
        let project = try Project()
        let location = server.url(host: "127.0.0.1", user: "celery:***", database: database)
        let broker = "\(project.path)/celery.db"
        _ = try project.run("celery syncdb").text
        try project.expect(
            "celery syncdb --check", with: variables, Ended("\(broker): complete\n\(location): missing\n", status: 1))
        let sql = try project.run("celery syncdb --dry-run", with: variables)
        #expect(sql.status == 0 && sql.output.contains("CREATE SEQUENCE task_id_sequence;\n") && sql.output.contains("CREATE TABLE celery_tasksetmeta ("))
        let made = try project.run("celery syncdb", with: variables)
        #expect(made.status == 0 && made.output == "\(broker): complete\n\(location): created\n")
        try project.expect("celery syncdb --check", with: variables, Ended("\(broker): complete\n\(location): complete\n"))

        let id = try project.run("celery apply -q demo.tasks.add 1 2", with: variables).text
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        try project.expect("celery result \(id)", with: variables, Ended("3\n"))
        try project.expect("celery status \(id)", with: variables, Ended("\(id)\tSUCCESS\n"))
        try project.expect("celery result --forget \(id)", with: variables, Ended("3\n"))
        #expect(try project.run("celery result \(id)", with: variables).output == "")
    }

    @Test func `a wait ends when a worker stores the result`() throws {
        let (_, _, variables) = try variables(.postgreSQL)
        let project = try Project()
        let id = try project.run("celery apply -q demo.tasks.add 4", with: variables).text
        let waiting = try project.start("celery result --wait \(id)", with: variables)
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        #expect(try waiting.wait() == Ended("4\n"))
    }

    @Test func `results are kept in Oracle's dialect by ODBC`() throws {
        let server = try DatabaseServer.mariaDB
        let name = "e2e_\(UInt32.random(in: 0...UInt32.max))"
        try server.makeOracleDatabase(name, hasTables: true)
        let variables = ["CELERY_RESULT_BACKEND": server.odbcURL(database: name)]
        let project = try Project()
        let tables = try project.run("celery syncdb --check", with: variables)
        #expect(tables.output.hasSuffix("\ndb+oracle://celery:***@: complete\n"), "\(tables)")
        let id = try project.run("celery apply -q demo.tasks.add 1 2", with: variables).text
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        try project.expect("celery result \(id)", with: variables, Ended("3\n"))
        let set = try project.run("seq 3 | celery dmap --detach demo.tasks.square", with: variables).text
        #expect(try project.run("celery celeryd --burst -q", with: variables).status == 0)
        #expect(try project.run("celery taskset --wait --results \(set)", with: variables).output == "1\n4\n9\n")
        try project.expect("celery result --forget \(id)", with: variables, Ended("3\n"))
    }

    @Test(arguments: [
        ("db+postgresql://u:secret@127.0.0.1:1/a", 69), ("db+mysql://u:secret@127.0.0.1:1/a", 69), ("db+postgresql://u:secret@h/a?sslmod=require", 78),
        ("db+oracle://u:secret@h/a", 78), ("db+oracle://u:secret@h/a?driver=NoDriverOfThisName", 78), ("db+mysql://u:secret@h", 78), ("db+mariadb://u:secret@h/a?ssl_ca=/ca.pem&ssl=false", 78),
    ])
    func `what is wrong is told without the password`(url: String, status: Int32) throws {
        let ended = try Project().run("celery result a", with: ["CELERY_RESULT_BACKEND": url])
        #expect(ended.status == status && ended.output == "" && !ended.errors.contains("secret"), "\(ended)")
    }
}
