// What the plugin's Kotlin uses of Android, so that it compiles without the SDK. Signatures only.
@file:Suppress("UNUSED_PARAMETER")

package android.content

abstract class Context {
    abstract val applicationContext: Context
    abstract fun getSystemService(name: String): Any?

    companion object {
        const val CONNECTIVITY_SERVICE = "connectivity"
    }
}
