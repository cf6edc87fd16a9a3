import CeleryCore
import FoundationEssentials
import FoundationValues
import Tasks
import Testing

private struct Everything: Codable, Equatable {
    var uuid = UUID(uuidString: "0194F1A0-0000-7000-8000-00000000ABCD")
    var data = Data([0, 255])
    var date = Date(timeIntervalSince1970: 1_700_000_000)
    var url = URL(string: "https://example.org/a?b=c")
    var decimal = Decimal(string: "12.340000000000000001")
}

@Suite struct FoundationValuesTests {
    private func message<T: Decodable>(_ type: T.Type, _ value: JSON) -> String {
        do {
            return "decoded \(try JSONValueDecoder.decode(type, from: value))"
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
            return context.debugDescription
        } catch {
            return "other: \(error)"
        }
    }

    @Test func `values come back as they were`() throws {
        let value = Everything()
        let json = try JSONValueEncoder.encode(value)
        #expect(try JSONValueDecoder.decode(Everything.self, from: json) == value)
    }

    @Test func `values have the form that a shell program reads`() throws {
        let json = try JSONValueEncoder.encode(Everything())
        #expect(json["uuid"] == "0194f1a0-0000-7000-8000-00000000abcd")
        #expect(json["data"] == "AP8=")
        #expect(json["date"] == "2023-11-14T22:13:20Z")
        #expect(json["url"] == "https://example.org/a?b=c")
        #expect(json["decimal"] == "12.340000000000000001")
    }

    @Test(arguments: [
        ("2023-11-14T22:13:20Z", 1_700_000_000.0), ("2023-11-14T22:13:20+00:00", 1_700_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000), ("2023-11-14T22:13:20", 1_700_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000), ("2023-11-14T22:13:20.5Z", 1_700_000_000.5), ("2023-11-14", 1_699_920_000),
        ("2023-11-14T22:13:20.250000", 1_700_000_000.25),
    ])
    func `dates are read in the forms that Python and shells write`(text: String, seconds: Double) throws {
        let date = try JSONValueDecoder.decode(Date.self, from: .string(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 0.001, "\(date.timeIntervalSince1970)")
    }

    @Test func `the objects that Python writes for its own types are read`() throws {
        let uuid = UUID(uuidString: "0194F1A0-0000-7000-8000-00000000ABCD")
        #expect(try JSONValueDecoder.decode(Date.self, from: ["__type__": "datetime", "__value__": "2023-11-14T22:13:20"]) == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(try JSONValueDecoder.decode(UUID.self, from: ["__type__": "uuid", "__value__": ["hex": "0194f1a000007000800000000000abcd"]]) == uuid)
        #expect(try JSONValueDecoder.decode(Data.self, from: ["__type__": "bytes", "__value__": "é"]) == Data([0xC3, 0xA9]))
        #expect(try JSONValueDecoder.decode(Data.self, from: ["__type__": "base64", "__value__": "AP8="]) == Data([0, 255]))
        #expect(try JSONValueDecoder.decode(Decimal.self, from: ["__type__": "decimal", "__value__": "1.10"]) == Decimal(string: "1.1"))
        #expect(try JSONValueDecoder.decode(Decimal.self, from: 3) == 3)
    }

    @Test func `what is no date, UUID, data or URL is refused`() {
        #expect(message(Date.self, "soon") == "must be a date such as 2026-01-31T12:00:00Z, not a string")
        #expect(message(UUID.self, "x") == "must be a UUID")
        #expect(message(UUID.self, 1) == "must be a UUID, not an integer")
        #expect(message(Data.self, "%") == "must be a base64 string")
        #expect(message(Decimal.self, [1]) == "must be a number, not a list")
    }
}
