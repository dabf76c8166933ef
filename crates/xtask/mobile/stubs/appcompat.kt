package androidx.appcompat.app

abstract class AppCompatActivity : android.app.Activity()
