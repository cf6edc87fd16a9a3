import CeleryCore
import Memcached
import Mongo
import Redis
import ResultStores
import Tyrant

/// How result stores are opened that keep a value or document under a key.
extension Drivers {
    static let openRedis: OpenStore = { urls, settings, _, _ in
        let options: RedisOptions
        do throws(RedisError) {
            options = try RedisOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout))
        } catch {
            throw DriverError(error, at: "")
        }
        return try RedisResultStore(
            options,
            RedisResultTerms(
                expires: settings.resultExpires, failureExpires: settings.failureExpires, chordExpires: settings.chordExpires,
                keyPrefix: settings.resultKeyPrefix))
    }

    static let openMemcached: OpenStore = { urls, settings, _, _ in
        let options: MemcachedOptions
        do throws(MemcachedError) {
            options = try MemcachedOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout))
        } catch {
            throw DriverError(error, at: "")
        }
        return try MemcachedResultStore(
            options,
            MemcachedResultStore.Terms(
                expires: settings.resultExpires, chordExpires: settings.chordExpires, keyPrefix: settings.resultKeyPrefix))
    }

    static let openTyrant: OpenStore = { urls, settings, _, _ in
        let options: TyrantOptions
        do throws(TyrantError) {
            options = try TyrantOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout))
        } catch {
            throw DriverError(error, at: "")
        }
        return try TyrantResultStore(options, expires: settings.resultExpires, keyPrefix: settings.resultKeyPrefix)
    }

    static let openMongo: OpenStore = { urls, settings, _, _ in
        do throws(MongoError) {
            let options = try MongoOptions(urls[0], connectTimeout: .seconds(settings.connectionTimeout))
            return MongoResultStore(options, expires: settings.resultExpires)
        } catch {
            throw DriverError(error, at: "")
        }
    }
}
